// Panels of codes with activations of 8 bits: each lane has four elements of a token.
//
// Where a set multiplies bytes without a sign by bytes with one (V::kCodesAreUnsigned), codes are shifted until none is
// negative, and the sums of a group begin with what that takes back: -shift times what the token's elements add up to.
// Where it also adds up in pairs of 16 bits (V::kSumsArePairs, without VNNI), a whole group's sum fits them: not each
// partial one, which may wrap, but the sum of codes less the shift, which lie around 0.

struct Int8Panels {
  static constexpr int kRows = V::kCodeRows, kVectors = V::kCodeVectors, kTokens = kVectors * V::kLanes;
  static constexpr int kPeakOperations = 8 * kPeakChains * V::kLanes, kTop = 127;
  struct Row {
    alignas(64) uint8_t codes[kPanelDepth];
    RowScales scales;
  };
  struct Tile {
    alignas(64) int8_t codes[kPanelDepth / 4][kTokens][4];
    // Of 16 and of 32 elements: what the first two of each four add up to, and the other two.
    int16_t pairs16[kPanelDepth / 16][kTokens][2], pairs32[kPanelDepth / 32][kTokens][2];
    TileSums<kTokens> sums;
  };

  // What is added to a code in the panel, and the largest then.
  template <class F>
  static constexpr int kAdded = !V::kCodesAreUnsigned ? -F::kOffset
                                : F::kIsSigned        ? F::kLargest
                                                      : 0;
  template <class F>
  static constexpr int kLargestCode = F::kIsSigned ? 2 * F::kLargest : F::kLargest;
  // What is taken back from the start, and given again where codes with a minimum have none to take.
  template <class F>
  static constexpr bool kIsTooWide = V::kSumsArePairs&& F::kHasMin&& F::kGroup / 2 * F::kLargest* kTop > 32767;
  template <class F>
  static constexpr int kShift = !V::kCodesAreUnsigned ? 0
                                : kIsTooWide<F>       ? 16
                                                      : kAdded<F> + F::kOffset;

  template <class F>
  static constexpr bool takes() {
    if (!V::kSumsArePairs) return true;
    constexpr int kAbove = kLargestCode<F> - kShift<F>, kFar = kAbove > kShift<F> ? kAbove : kShift<F>;
    return 2 * kLargestCode<F> * kTop <= 32767 && F::kGroup / 2 * kFar * kTop <= 32767;
  }
  static inline void pack_block(const float* x, int b, int t, Tile& tile) {
    alignas(64) int16_t q[kRoundedBlock] = {};
    alignas(32) int8_t bytes[kRoundedBlock];
    int sums[2] = {0, 0};
    const float scale = round_block(x, kTop, q, sums);
    V::narrow(q, bytes);
    for (int i = 0; i < kRoundedBlock / 4; ++i)
      __builtin_memcpy(tile.codes[b * kRoundedBlock / 4 + i][t], bytes + 4 * i, sizeof tile.codes[0][0]);
    tile.sums.set(b, t, scale, sums);
    set_pairs<V>(q, b, t, tile);
  }
  // A template, so that sets without need of it need not have what it takes.
  template <class W>
  static inline void set_pairs(const int16_t* q, int b, int t, Tile& tile) {
    if constexpr (W::kCodesAreUnsigned) {
      alignas(8) int16_t pairs[4];
      W::pair_sums(q, pairs);
      for (int h = 0; h < 2; ++h) {
        __builtin_memcpy(tile.pairs16[2 * b + h][t], pairs + 2 * h, sizeof tile.pairs16[0][0]);
        tile.pairs32[b][t][h] = static_cast<int16_t>(pairs[h] + pairs[2 + h]);
      }
    }
  }
  template <class F>
  static inline void store_codes(const Codes& c, uint8_t* out) {
    constexpr auto kMinus = static_cast<uint8_t>(-kAdded<F>);
    V::store_natural({c.first - kMinus, c.second - kMinus}, reinterpret_cast<int8_t*>(out));
  }
  template <class F>
  static inline V::Ints pairs_of(int g, const Tile& x, int v) {
    return V::load_ints((F::kGroup == 16 ? x.pairs16[g] : x.pairs32[g])[v * V::kLanes]);
  }
  template <class F, int n_vectors>
  static inline void group(const Row* w, int g, const Tile& x, V::Ints (&sum)[kRows][n_vectors]) {
    for (int v = 0; v < n_vectors; ++v) {
      V::Ints start = V::no_ints();
      if constexpr (kShift<F> != 0) start = V::times(pairs_of<F>(g, x, v), -kShift<F>);
      for (auto& of_row : sum) of_row[v] = start;
    }
#pragma GCC unroll 4
    for (int k = g * F::kGroup; k < (g + 1) * F::kGroup; k += 4) {
      V::Ints fours[n_vectors];
      for (int v = 0; v < n_vectors; ++v) fours[v] = V::load_ints(x.codes[k / 4][v * V::kLanes]);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const V::Ints code = V::broadcast_four(w[r].codes + k);
        for (int v = 0; v < n_vectors; ++v) sum[r][v] = V::add_fours(sum[r][v], code, fours[v]);
      }
    }
  }
  template <class F>
  static inline V::Reg to_float(V::Ints sum, int g, const Tile& x, int v) {
    V::Ints total = V::whole(sum);
    if constexpr (kIsTooWide<F>) total = V::add_ints(total, V::whole(V::times(pairs_of<F>(g, x, v), kShift<F>)));
    return V::to_float(total);
  }
  static float peak(int n_steps) {
    alignas(64) int8_t bytes[4 * V::kLanes];
    for (int i = 0; i < 4 * V::kLanes; ++i) bytes[i] = static_cast<int8_t>(i % 7);
    const V::Ints factors = V::load_ints(bytes);
    V::Ints chains[kPeakChains];
    for (V::Ints& c : chains) c = V::no_ints();
    run_chains(chains, n_steps, [&](V::Ints x) { return V::add_fours(x, factors, factors); });
    float total = 0;
    for (const V::Ints& c : chains) total += V::sum(V::to_float(V::whole(c)));
    return total;
  }
};
