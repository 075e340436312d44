// Prefill: lanes are tokens. Weights are broadcast from decoded f32 rows, activations lie transposed, sums run over k
// in order for every token alone.

constexpr int kPanelVectors = 3;
constexpr int kPanelTokens = kPanelVectors * V::kLanes;

void pack_tokens(const float* x, size_t x_stride, int n_tokens, int n, float* packed) {
  for (int t = 0; t < kPanelTokens; ++t) {
    if (t < n_tokens) {
      const float* row = x + static_cast<size_t>(t) * x_stride;
      for (int i = 0; i < n; ++i) packed[static_cast<size_t>(i) * kPanelTokens + static_cast<size_t>(t)] = row[i];
    } else {
      for (int i = 0; i < n; ++i) packed[static_cast<size_t>(i) * kPanelTokens + static_cast<size_t>(t)] = 0;
    }
  }
}

template <int kRows, int kVectors>
inline void panel_tile(const float* w, size_t w_stride, int n, const float* packed, float* acc) {
  typename V::Reg sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = V::load(acc + r * kPanelTokens + v * V::kLanes);
  for (int i = 0; i < n; ++i) {
    typename V::Reg x[kVectors];
    for (int v = 0; v < kVectors; ++v) x[v] = V::load(packed + static_cast<size_t>(i) * kPanelTokens + v * V::kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const typename V::Reg b = V::broadcast(w[static_cast<size_t>(r) * w_stride + static_cast<size_t>(i)]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = V::fma(b, x[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) V::store(acc + r * kPanelTokens + v * V::kLanes, sum[r][v]);
}

template <int kRows>
inline void panel_rows(const float* w, size_t w_stride, int n, const float* packed, int n_tokens, float* acc) {
  if (n_tokens <= V::kLanes)
    panel_tile<kRows, 1>(w, w_stride, n, packed, acc);
  else if (n_tokens <= 2 * V::kLanes)
    panel_tile<kRows, 2>(w, w_stride, n, packed, acc);
  else
    panel_tile<kRows, 3>(w, w_stride, n, packed, acc);
}

void panel(const float* w, size_t w_stride, int n_rows, int n, const float* packed, int n_tokens, float* acc) {
  int r = 0;
  for (; r + V::kPanelRows <= n_rows; r += V::kPanelRows)
    panel_rows<V::kPanelRows>(w + static_cast<size_t>(r) * w_stride, w_stride, n, packed, n_tokens,
                              acc + r * kPanelTokens);
  for (; r < n_rows; ++r)
    panel_rows<1>(w + static_cast<size_t>(r) * w_stride, w_stride, n, packed, n_tokens, acc + r * kPanelTokens);
}
