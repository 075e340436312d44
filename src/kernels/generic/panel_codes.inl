// Prefill of codes: products of integers, as matvec's are, with tokens in the lanes. A register holds consecutive
// elements of each of its tokens, and meets as many codes of a row that all its lanes share. A group's sum of integers
// is scaled once, so the scales cost a tenth of the products. K says what elements and codes become:
//   Row, Tile             a row of an unpacked panel with scales and minimums by the format's groups; a tile of tokens
//   kRows, kVectors       rows and registers of tokens whose sums are in registers
//   group<F>(w, g, x, sum)  sums of group g
//   to_float<F>(sum, g, x, v)  of one row's

constexpr int kCodePanelRows = 48;
template <class K>
constexpr int kCodeTokens = K::kVectors* V::kLanes;

// What tiles hold beside the elements: of a block its scale, and what the rounded elements of groups come to.
template <int kTokens>
struct TileSums {
  float scale[kPanelDepth / 32][kTokens], sum32[kPanelDepth / 32][kTokens], sum16[kPanelDepth / 16][kTokens];

  inline void set(int b, int t, float block_scale, const int* sums) {
    scale[b][t] = block_scale;
    sum32[b][t] = block_scale * static_cast<float>(sums[0] + sums[1]);
    for (int h = 0; h < 2; ++h) sum16[2 * b + h][t] = block_scale * static_cast<float>(sums[h]);
  }
};
struct RowScales {
  float scale[kPanelDepth / 16], min[kPanelDepth / 16];
};

template <class K>
void pack_codes(const float* const* rows, int n_tokens, int first, int n, std::byte* memory) {
  auto& tile = *reinterpret_cast<typename K::Tile*>(memory);
  alignas(64) const float zeros[kRoundedBlock] = {};
  const int n_written = (n_tokens + V::kLanes - 1) / V::kLanes * V::kLanes;
  for (int b = 0; b < n / kRoundedBlock; ++b)
    for (int t = 0; t < n_written; ++t)
      K::pack_block(t < n_tokens ? rows[t] + first + b * kRoundedBlock : zeros, b, t, tile);
}

template <class K, class F>
inline void unpack_row(const std::byte* blocks, int n, typename K::Row& row) {
  Chunks<F> chunks(blocks, n, true);
  for (int i = 0; i < n; i += kChunk) {
    const uint8_t* block = chunks.next();
    Scales scales;
    F::scales(block, scales);
    constexpr size_t kScaleBytes = kChunk / F::kGroup * sizeof(float);
    __builtin_memcpy(row.scales.scale + i / F::kGroup, scales.scale, kScaleBytes);
    if constexpr (F::kHasMin) __builtin_memcpy(row.scales.min + i / F::kGroup, scales.min, kScaleBytes);
    for_units([&](auto u) { K::template store_codes<F>(F::codes(block, u), row.codes + i + u * kUnit); });
  }
}

template <class K, class F>
void unpack_codes(const std::byte* blocks, size_t row_bytes, int n_rows, int n, std::byte* panel) {
  auto* rows = reinterpret_cast<typename K::Row*>(panel);
  for (int r = 0; r < n_rows; ++r) unpack_row<K, F>(blocks + static_cast<size_t>(r) * row_bytes, n, rows[r]);
  for (int r = n_rows; r % K::kRows != 0; ++r) __builtin_memset(static_cast<void*>(rows + r), 0, sizeof *rows);
}

// total += scale * sums, less what minimums take away.
template <class K, class F, int kVectors>
inline void add_code_group(const typename K::Row* w, int g, const typename K::Tile& x,
                           const V::Ints (&sum)[K::kRows][kVectors], V::Reg (&total)[K::kRows][kVectors]) {
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const V::Reg x_scale = V::load(x.sums.scale[g * F::kGroup / 32] + v * V::kLanes);
    const V::Reg x_sum = V::load((F::kGroup == 16 ? x.sums.sum16[g] : x.sums.sum32[g]) + v * V::kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < K::kRows; ++r) {
      const V::Reg scaled = V::mul(K::template to_float<F>(sum[r][v], g, x, v), x_scale);
      total[r][v] = V::fma(scaled, V::broadcast(w[r].scales.scale[g]), total[r][v]);
      if constexpr (F::kHasMin) total[r][v] = V::sub(total[r][v], V::mul(V::broadcast(w[r].scales.min[g]), x_sum));
    }
  }
}

// As much of the depth at a time as lets the tokens stay in the first-level cache while all rows pass by.
template <class K, class F, int kVectors>
void code_rows(const typename K::Row* w, int n_rows, int n, const typename K::Tile& x, float* acc) {
  constexpr int kTokens = kCodeTokens<K>, kSpan = (kTokens > 32 ? kPanelDepth / 4 : kPanelDepth) / F::kGroup;
  const int n_groups = n / F::kGroup;
  for (int first = 0; first < n_groups; first += kSpan)
    for (int r = 0; r < n_rows; r += K::kRows) {
      V::Reg total[K::kRows][kVectors];
      float* const to = acc + r * kTokens;
#pragma GCC unroll 16
      for (int i = 0; i < K::kRows; ++i)
        for (int v = 0; v < kVectors; ++v) total[i][v] = V::load(to + i * kTokens + v * V::kLanes);
      for (int g = first; g < n_groups && g < first + kSpan; ++g) {
        V::Ints sum[K::kRows][kVectors];
        K::template group<F>(w + r, g, x, sum);
        add_code_group<K, F, kVectors>(w + r, g, x, sum, total);
      }
#pragma GCC unroll 16
      for (int i = 0; i < K::kRows; ++i)
        for (int v = 0; v < kVectors; ++v) V::store(to + i * kTokens + v * V::kLanes, total[i][v]);
    }
}

template <class K, class F>
void multiply_codes_panel(const std::byte* panel, int n_rows, int n, const std::byte* tile, int n_tokens, float* acc) {
  const auto* w = reinterpret_cast<const typename K::Row*>(panel);
  const auto& x = *reinterpret_cast<const typename K::Tile*>(tile);
  const int n_vectors = (n_tokens + V::kLanes - 1) / V::kLanes;
  if (n_vectors == 1)
    code_rows<K, F, 1>(w, n_rows, n, x, acc);
  else if (n_vectors == 2)
    code_rows<K, F, 2>(w, n_rows, n, x, acc);
  else if constexpr (K::kVectors > 2)
    code_rows<K, F, K::kVectors>(w, n_rows, n, x, acc);
}

template <class K, class F>
constexpr void fill_panel(PanelKernels& k, quant::BlockType type) {
  if constexpr (K::template takes<F>())
    k.formats[static_cast<size_t>(type)] = {unpack_codes<K, F>, multiply_codes_panel<K, F>};
}

template <class K>
constexpr PanelKernels code_panels() {
  PanelKernels k{kCodePanelRows,
                 kCodeTokens<K>,
                 sizeof(typename K::Tile),
                 sizeof(typename K::Row),
                 pack_codes<K>,
                 {},
                 store_sums<kCodeTokens<K>>,
                 nullptr,
                 0};
#define FACET_CODE_FORMAT(type) fill_panel<K, type>(k, quant::BlockType::type);
#define FACET_FLOAT_FORMAT(type)
#define FACET_DECODED_FORMAT(type)
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
#undef FACET_FLOAT_FORMAT
#undef FACET_DECODED_FORMAT
  k.peak = K::peak;
  k.peak_operations = K::kPeakOperations;
  return k;
}
