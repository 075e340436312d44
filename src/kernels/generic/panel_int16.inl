// Prefill of codes: products of integers, as matvec's are, with tokens in the lanes. A register holds two consecutive
// elements of each of its tokens, and meets two codes of a row that all its lanes share. A group's sum of integers is
// scaled once, so the scales cost a tenth of the products.

constexpr int kCodePanelRows = 48, kCodeRows = V::kCodeRows, kCodeTokens = V::kCodeVectors * V::kLanes;

// A row of an unpacked panel; scales and minimums by the format's groups.
struct CodeRow {
  alignas(64) int16_t codes[kPanelDepth];
  float scale[kPanelDepth / 16], min[kPanelDepth / 16];
};

struct CodeTile {
  alignas(64) int16_t codes[kPanelDepth / 2][kCodeTokens][2];
  float scale[kPanelDepth / 32][kCodeTokens], sum32[kPanelDepth / 32][kCodeTokens],
      sum16[kPanelDepth / 16][kCodeTokens];
};

// Block b of a tile's token t, which lies at x.
inline void pack_block(const float* x, int b, int t, CodeTile& tile) {
  alignas(64) int16_t q[kRoundedBlock] = {};
  int sums[2] = {0, 0};
  const float scale = round_block(x, V::kTopCode, q, sums);
  for (int i = 0; i < kRoundedBlock / 2; ++i)
    __builtin_memcpy(tile.codes[b * kRoundedBlock / 2 + i][t], q + 2 * i, sizeof tile.codes[0][0]);
  tile.scale[b][t] = scale;
  tile.sum32[b][t] = scale * static_cast<float>(sums[0] + sums[1]);
  for (int h = 0; h < 2; ++h) tile.sum16[2 * b + h][t] = scale * static_cast<float>(sums[h]);
}

void pack_codes(const float* const* rows, int n_tokens, int first, int n, std::byte* memory) {
  auto& tile = *reinterpret_cast<CodeTile*>(memory);
  alignas(64) const float zeros[kRoundedBlock] = {};
  const int n_written = (n_tokens + V::kLanes - 1) / V::kLanes * V::kLanes;
  for (int b = 0; b < n / kRoundedBlock; ++b)
    for (int t = 0; t < n_written; ++t)
      pack_block(t < n_tokens ? rows[t] + first + b * kRoundedBlock : zeros, b, t, tile);
}

template <class F>
inline void unpack_row(const std::byte* blocks, int n, CodeRow& row) {
  Chunks<F> chunks(blocks, n, true);
  for (int i = 0; i < n; i += kChunk) {
    const uint8_t* block = chunks.next();
    Scales scales;
    F::scales(block, scales);
    constexpr size_t kScaleBytes = kChunk / F::kGroup * sizeof(float);
    __builtin_memcpy(row.scale + i / F::kGroup, scales.scale, kScaleBytes);
    if constexpr (F::kHasMin) __builtin_memcpy(row.min + i / F::kGroup, scales.min, kScaleBytes);
    for_units([&](auto u) {
      const Codes c = F::codes(block, u);
      constexpr auto kOffset = static_cast<uint8_t>(F::kOffset);
      V::store_natural16({c.first - kOffset, c.second - kOffset}, row.codes + i + u * kUnit);
    });
  }
}

template <class F>
void unpack_codes(const std::byte* blocks, size_t row_bytes, int n_rows, int n, std::byte* panel) {
  auto* rows = reinterpret_cast<CodeRow*>(panel);
  for (int r = 0; r < n_rows; ++r) unpack_row<F>(blocks + static_cast<size_t>(r) * row_bytes, n, rows[r]);
  for (int r = n_rows; r % kCodeRows != 0; ++r) __builtin_memset(static_cast<void*>(rows + r), 0, sizeof *rows);
}

template <class F, int kVectors>
inline void code_group(const CodeRow* w, int g, const CodeTile& x, V::Ints (&sum)[kCodeRows][kVectors]) {
#pragma GCC unroll 4
  for (int k = g * F::kGroup; k < (g + 1) * F::kGroup; k += 2) {
    V::Ints pairs[kVectors];
    for (int v = 0; v < kVectors; ++v) pairs[v] = V::load_ints(x.codes[k / 2][v * V::kLanes]);
#pragma GCC unroll 16
    for (int r = 0; r < kCodeRows; ++r) {
      const V::Ints code = V::broadcast_pair(w[r].codes + k);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = V::add_pairs(sum[r][v], code, pairs[v]);
    }
  }
}

// acc += scale * sums, less what minimums take away.
template <class F, int kVectors>
inline void add_code_group(const CodeRow* w, int g, const CodeTile& x, const V::Ints (&sum)[kCodeRows][kVectors],
                           float* acc) {
  for (int v = 0; v < kVectors; ++v) {
    const V::Reg x_scale = V::load(x.scale[g * F::kGroup / 32] + v * V::kLanes);
    const V::Reg x_sum = V::load((F::kGroup == 16 ? x.sum16[g] : x.sum32[g]) + v * V::kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kCodeRows; ++r) {
      float* to = acc + r * kCodeTokens + v * V::kLanes;
      V::Reg total = V::fma(V::mul(V::to_float(sum[r][v]), x_scale), V::broadcast(w[r].scale[g]), V::load(to));
      if constexpr (F::kHasMin) total = V::sub(total, V::mul(V::broadcast(w[r].min[g]), x_sum));
      V::store(to, total);
    }
  }
}

// As much of the depth at a time as lets the tokens stay in the first-level cache while all rows pass by.
template <class F, int kVectors>
void code_rows(const CodeRow* w, int n_rows, int n, const CodeTile& x, float* acc) {
  constexpr int kSpan = (V::kCodeVectors * V::kLanes > 32 ? kPanelDepth / 2 : kPanelDepth) / F::kGroup;
  const int n_groups = n / F::kGroup;
  for (int first = 0; first < n_groups; first += kSpan)
    for (int r = 0; r < n_rows; r += kCodeRows)
      for (int g = first; g < n_groups && g < first + kSpan; ++g) {
        V::Ints sum[kCodeRows][kVectors];
        for (auto& of_row : sum)
          for (V::Ints& s : of_row) s = V::no_ints();
        code_group<F, kVectors>(w + r, g, x, sum);
        add_code_group<F, kVectors>(w + r, g, x, sum, acc + r * kCodeTokens);
      }
}

template <class F>
void multiply_codes_panel(const std::byte* panel, int n_rows, int n, const std::byte* tile, int n_tokens, float* acc) {
  const auto* w = reinterpret_cast<const CodeRow*>(panel);
  const auto& x = *reinterpret_cast<const CodeTile*>(tile);
  const int n_vectors = (n_tokens + V::kLanes - 1) / V::kLanes;
  if (n_vectors == 1)
    code_rows<F, 1>(w, n_rows, n, x, acc);
  else if (n_vectors == 2)
    code_rows<F, 2>(w, n_rows, n, x, acc);
  else if constexpr (V::kCodeVectors > 2)
    code_rows<F, V::kCodeVectors>(w, n_rows, n, x, acc);
}

float peak_of_pairs(int n_steps) {
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

constexpr PanelKernels int16_panels() {
  PanelKernels k{kCodePanelRows,          kCodeTokens, sizeof(CodeTile),
                 sizeof(CodeRow),         pack_codes,  {},
                 store_sums<kCodeTokens>, nullptr,     0};
#define FACET_CODE_FORMAT(type) \
  k.formats[static_cast<size_t>(quant::BlockType::type)] = {unpack_codes<type>, multiply_codes_panel<type>};
#define FACET_FLOAT_FORMAT(type)
#define FACET_DECODED_FORMAT(type)
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
#undef FACET_FLOAT_FORMAT
#undef FACET_DECODED_FORMAT
#if defined(__x86_64__)  // with the same order of sums whatever the set's width
  if (V::kLanes > 1) k.few = &avx2::kFewTokensOfCodes;
#endif
  k.peak = peak_of_pairs;
  k.peak_operations = 4 * kPeakChains * V::kLanes;
  return k;
}
