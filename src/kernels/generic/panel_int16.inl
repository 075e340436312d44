// Panels of codes with activations of 16 bits: each lane has two elements of a token.

struct Int16Panels {
  static constexpr int kRows = V::kCodeRows, kVectors = V::kCodeVectors, kTokens = kVectors * V::kLanes;
  static constexpr int kPeakOperations = 4 * kPeakChains * V::kLanes;
  struct Row {
    alignas(64) int16_t codes[kPanelDepth];
    RowScales scales;
  };
  struct Tile {
    alignas(64) int16_t codes[kPanelDepth / 2][kTokens][2];
    TileSums<kTokens> sums;
  };

  template <class F>
  static constexpr bool takes() {
    return true;
  }
  // Block b of a tile's token t, which lies at x.
  static inline void pack_block(const float* x, int b, int t, Tile& tile) {
    alignas(64) int16_t q[kRoundedBlock] = {};
    int sums[2] = {0, 0};
    const float scale = round_block(x, V::kTopCode, q, sums);
    for (int i = 0; i < kRoundedBlock / 2; ++i)
      __builtin_memcpy(tile.codes[b * kRoundedBlock / 2 + i][t], q + 2 * i, sizeof tile.codes[0][0]);
    tile.sums.set(b, t, scale, sums);
  }
  template <class F>
  static inline void store_codes(const Codes& c, int16_t* out) {
    constexpr auto kOffset = static_cast<uint8_t>(F::kOffset);
    V::store_natural16({c.first - kOffset, c.second - kOffset}, out);
  }
  template <class F, int n_vectors>
  static inline void group(const Row* w, int g, const Tile& x, V::Ints (&sum)[kRows][n_vectors]) {
    for (auto& of_row : sum)
      for (V::Ints& s : of_row) s = V::no_ints();
#pragma GCC unroll 4
    for (int k = g * F::kGroup; k < (g + 1) * F::kGroup; k += 2) {
      V::Ints pairs[n_vectors];
      for (int v = 0; v < n_vectors; ++v) pairs[v] = V::load_ints(x.codes[k / 2][v * V::kLanes]);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const V::Ints code = V::broadcast_four(w[r].codes + k);
        for (int v = 0; v < n_vectors; ++v) sum[r][v] = V::add_pairs(sum[r][v], code, pairs[v]);
      }
    }
  }
  template <class F>
  static inline V::Reg to_float(V::Ints sum, int, const Tile&, int) {
    return V::to_float(sum);
  }
  static float peak(int n_steps) {
    alignas(64) int16_t pairs[2 * V::kLanes];
    for (int i = 0; i < 2 * V::kLanes; ++i) pairs[i] = static_cast<int16_t>(i);
    const V::Ints factors = V::load_ints(pairs);
    V::Ints chains[kPeakChains];
    for (V::Ints& c : chains) c = factors;
    run_chains(chains, n_steps, [&](V::Ints x) { return V::add_pairs(x, x, factors); });
    float total = 0;
    for (const V::Ints& c : chains) total += V::sum(V::to_float(c));
    return total;
  }
};

constexpr PanelKernels int16_panels() {
  PanelKernels k = code_panels<Int16Panels>();
  k.few = kFew;
  return k;
}
