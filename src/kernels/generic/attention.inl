// Attention over a tile of cached keys and values. A row of the cache is loaded once for a group of queries.

constexpr int kQueryGroup = 4;

template <class L, int N>
inline void score_group(const AttentionTile& tile, const float* const* queries, float* scores) {
  const int d = tile.head_dim, whole = d / V::kLanes * V::kLanes;
  for (int t = 0; t < tile.n_tokens; ++t) {
    const std::byte* k = tile.k + static_cast<size_t>(t) * tile.row_bytes;
    typename V::Reg sum[N];
    for (auto& s : sum) s = V::zero();
    for (int i = 0; i < whole; i += V::kLanes) {
      const typename V::Reg kv = L::load(k + i * L::kBytes);
      for (int q = 0; q < N; ++q) sum[q] = V::fma(kv, V::load(queries[q] + i), sum[q]);
    }
    for (int q = 0; q < N; ++q) {
      float total = V::sum(sum[q]);
      for (int i = whole; i < d; ++i) total += L::load_one(k + i * L::kBytes) * queries[q][i];
      scores[q * kTileTokens + t] = total;
    }
  }
}

template <class L>
void attention_scores(const AttentionTile& tile, const float* const* queries, int n_queries, float* scores) {
  int q = 0;
  for (; q + kQueryGroup <= n_queries; q += kQueryGroup)
    score_group<L, kQueryGroup>(tile, queries + q, scores + q * kTileTokens);
  for (; q < n_queries; ++q) score_group<L, 1>(tile, queries + q, scores + q * kTileTokens);
}

template <class L, int N>
inline void accumulate_group(const AttentionTile& tile, const float* p, float* const* out) {
  const int d = tile.head_dim, whole = d / V::kLanes * V::kLanes;
  for (int i = 0; i < whole; i += V::kLanes) {
    typename V::Reg sum[N];
    for (int q = 0; q < N; ++q) sum[q] = V::load(out[q] + i);
    for (int t = 0; t < tile.n_tokens; ++t) {
      const typename V::Reg v = L::load(tile.v + static_cast<size_t>(t) * tile.row_bytes + i * L::kBytes);
      for (int q = 0; q < N; ++q) sum[q] = V::fma(v, V::broadcast(p[q * kTileTokens + t]), sum[q]);
    }
    for (int q = 0; q < N; ++q) V::store(out[q] + i, sum[q]);
  }
  for (int i = whole; i < d; ++i)
    for (int t = 0; t < tile.n_tokens; ++t)
      for (int q = 0; q < N; ++q)
        out[q][i] +=
            p[q * kTileTokens + t] * L::load_one(tile.v + static_cast<size_t>(t) * tile.row_bytes + i * L::kBytes);
}

template <class L>
void attention_accumulate(const AttentionTile& tile, const float* p, int n_queries, float* const* out) {
  int q = 0;
  for (; q + kQueryGroup <= n_queries; q += kQueryGroup)
    accumulate_group<L, kQueryGroup>(tile, p + q * kTileTokens, out + q);
  for (; q < n_queries; ++q) accumulate_group<L, 1>(tile, p + q * kTileTokens, out + q);
}

void store_f32_row(std::byte* out, const float* x, int n) {
  __builtin_memcpy(out, x, sizeof(float) * static_cast<size_t>(n));
}

void store_f16_row(std::byte* out, const float* x, int n) {
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store_f16(out + 2 * i, V::load(x + i));
  for (; i < n; ++i) {
    const uint16_t h = f32_to_f16(x[i]);
    __builtin_memcpy(out + 2 * i, &h, sizeof h);
  }
}

void store_bf16_row(std::byte* out, const float* x, int n) {
  for (int i = 0; i < n; ++i) {
    const uint16_t h = f32_to_bf16(x[i]);
    __builtin_memcpy(out + 2 * i, &h, sizeof h);
  }
}
