// Prefill of numbers: weights decoded to f32 are broadcast, activations lie transposed, sums run over the depth in
// order for every token alone.

constexpr int kPanelRows = 48, kPanelVectors = 3, kPanelTokens = kPanelVectors * V::kLanes;

struct FloatRow {
  float w[kPanelDepth];
  float padding[16];  // rows at a distance of a power of two would share few places of the cache
};
using FloatTile = float[kPanelDepth][kPanelTokens];

void pack_floats(const float* const* rows, int n_tokens, int first, int n, std::byte* memory) {
  auto& tile = *reinterpret_cast<FloatTile*>(memory);
  for (int t = 0; t < kPanelTokens; t += V::kLanes) {
    int i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) {
      V::Reg square[V::kLanes];
      for (int r = 0; r < V::kLanes; ++r) square[r] = t + r < n_tokens ? V::load(rows[t + r] + first + i) : V::zero();
      V::transpose(square);
      for (int r = 0; r < V::kLanes; ++r) V::store(tile[i + r] + t, square[r]);
    }
    for (; i < n; ++i)
      for (int r = 0; r < V::kLanes; ++r) tile[i][t + r] = t + r < n_tokens ? rows[t + r][first + i] : 0;
  }
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

// Some rows of the cache at a time, decoded and then turned.
template <Decode decode>
void unpack_float_columns(const std::byte* blocks, size_t row_bytes, int first_row, int n_rows, int n_columns,
                          std::byte* panel) {
  auto* rows = reinterpret_cast<FloatRow*>(panel);
  alignas(64) float values[V::kLanes][kTileTokens];
  for (int c = n_columns; c % V::kPanelRows != 0; ++c) __builtin_memset(rows[c].w, 0, sizeof *values);
  __builtin_memset(values, 0, sizeof values);
  const int n_filled = (n_rows + V::kPanelRows - 1) / V::kPanelRows * V::kPanelRows;
  for (int first = 0; first < n_filled; first += V::kLanes) {
    for (int r = 0; r < V::kLanes; ++r) {
      if (first + r >= first_row && first + r < n_rows)
        decode(blocks + static_cast<size_t>(first + r) * row_bytes, values[r], n_columns);
      else
        __builtin_memset(values[r], 0, sizeof values[r]);
    }
    for (int c = 0; c < n_columns; c += V::kLanes) {
      V::Reg square[V::kLanes];
      for (int r = 0; r < V::kLanes; ++r) square[r] = V::load(values[r] + c);
      V::transpose(square);
      for (int r = 0; r < V::kLanes; ++r) V::store(rows[c + r].w + first, square[r]);
    }
  }
}

void weigh_floats(float* scores, int n, int n_tokens, float scale, float* top, float* total, float* factor,
                  std::byte*) {
  for (int t = 0; t < n_tokens; t += V::kLanes) {
    const SoftmaxStep step(scores + t, kPanelTokens, n, scale, top + t);
    V::Reg sum = V::zero();
    for (int i = 0; i < n; ++i) {
      float* score = scores + i * kPanelTokens + t;
      const V::Reg weight = step.weight(V::load(score));
      V::store(score, weight);
      sum = V::add(sum, weight);
    }
    step.store(sum, top + t, total + t, factor + t);
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
  k.attention = {V::kPanelRows,
                 sizeof(float),
                 sizeof(float) * kPanelTokens,
                 {unpack_float_columns<decode_floats<F32>>, unpack_float_columns<decode_floats<F16>>,
                  unpack_float_columns<decode_floats<BF16>>, unpack_float_columns<decode_codes<Q8_0>>},
                 weigh_floats,
                 true,
                 rescale_sums<kPanelTokens>};
  return k;
}
