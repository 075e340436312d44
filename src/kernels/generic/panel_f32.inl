// Prefill of numbers: weights decoded to f32 are broadcast, activations lie transposed, sums run over the depth in
// order for every token alone.

constexpr int kPanelRows = 48, kPanelVectors = 3, kPanelTokens = kPanelVectors * V::kLanes;

struct FloatRow {
  alignas(64) float w[kPanelDepth];
  float padding[16];  // rows at a distance of a power of two would share few places of the cache
};
using FloatTile = float[kPanelDepth][kPanelTokens];

void pack_floats(const float* const* rows, int n_tokens, int first, int n, std::byte* memory) {
  auto& tile = *reinterpret_cast<FloatTile*>(memory);
  for (int i = 0; i < n; ++i)
    for (int t = 0; t < kPanelTokens; ++t) tile[i][t] = t < n_tokens ? rows[t][first + i] : 0;
}

template <Decode decode>
void unpack_floats(const std::byte* blocks, size_t row_bytes, int n_rows, int n, std::byte* panel) {
  auto* rows = reinterpret_cast<FloatRow*>(panel);
  for (int r = 0; r < n_rows; ++r) decode(blocks + static_cast<size_t>(r) * row_bytes, rows[r].w, n);
  for (int r = n_rows; r % V::kPanelRows != 0; ++r) __builtin_memset(rows[r].w, 0, sizeof rows->w);
}

template <int kVectors>
inline void float_rows(const FloatRow* w, int n, const FloatTile& x, float* acc) {
  typename V::Reg sum[V::kPanelRows][kVectors];
  for (int r = 0; r < V::kPanelRows; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = V::load(acc + r * kPanelTokens + v * V::kLanes);
  for (int i = 0; i < n; ++i) {
    typename V::Reg tokens[kVectors];
    for (int v = 0; v < kVectors; ++v) tokens[v] = V::load(x[i] + v * V::kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < V::kPanelRows; ++r) {
      const typename V::Reg b = V::broadcast(w[r].w[i]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = V::fma(b, tokens[v], sum[r][v]);
    }
  }
  for (int r = 0; r < V::kPanelRows; ++r)
    for (int v = 0; v < kVectors; ++v) V::store(acc + r * kPanelTokens + v * V::kLanes, sum[r][v]);
}

void multiply_floats_panel(const std::byte* panel, int n_rows, int n, const std::byte* tile, int n_tokens, float* acc) {
  const auto* w = reinterpret_cast<const FloatRow*>(panel);
  const auto& x = *reinterpret_cast<const FloatTile*>(tile);
  for (int r = 0; r < n_rows; r += V::kPanelRows) {
    if (n_tokens <= V::kLanes)
      float_rows<1>(w + r, n, x, acc + r * kPanelTokens);
    else if (n_tokens <= 2 * V::kLanes)
      float_rows<2>(w + r, n, x, acc + r * kPanelTokens);
    else
      float_rows<3>(w + r, n, x, acc + r * kPanelTokens);
  }
}

float peak_of_floats(int n_steps) {
  V::Reg chains[kPeakChains];
#pragma GCC unroll 16
  for (int c = 0; c < kPeakChains; ++c) chains[c] = V::broadcast(static_cast<float>(c));
  run_chains(chains, n_steps, [](V::Reg x) { return V::fma(x, V::broadcast(0.5f), V::broadcast(0.25f)); });
  V::Reg total = chains[0];
  for (int c = 1; c < kPeakChains; ++c) total = V::add(total, chains[c]);
  return V::sum(total);
}

constexpr PanelKernels float_panels() {
  PanelKernels k{
      kPanelRows, kPanelTokens, sizeof(FloatTile), sizeof(FloatRow), pack_floats, {}, store_sums<kPanelTokens>, nullptr,
      0};
  const auto set = [&](quant::BlockType type, Unpack unpack) {
    k.formats[static_cast<size_t>(type)] = {unpack, multiply_floats_panel};
  };
#define FACET_CODE_FORMAT(type) set(quant::BlockType::type, unpack_floats<decode_codes<type>>);
#define FACET_FLOAT_FORMAT(type) set(quant::BlockType::type, unpack_floats<decode_floats<type>>);
#define FACET_DECODED_FORMAT(type) set(quant::BlockType::type, unpack_floats<decode_other<quant::BlockType::type>>);
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
#undef FACET_FLOAT_FORMAT
#undef FACET_DECODED_FORMAT
  k.peak = peak_of_floats;
  k.peak_operations = 2 * kPeakChains * V::kLanes;
  return k;
}
