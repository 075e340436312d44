// Attention over a tile of cached keys and values. Rows of the cache are read in the order of their addresses, and
// while one part of a tile is multiplied, the next is asked for.

// Accumulators of a block: enough to hide the latency of two units, few enough for sixteen registers with what they
// add.
constexpr int kBlockSums = 8;
// Columns of values that are converted together: a cache line of 16-bit elements.
constexpr int kValueColumns = 32;

// Rows of the cache as vectors: kStep elements at a time share what scale() finds.
template <class L>
struct Numbers {
  static constexpr int kStep = V::kLanes;
  struct Scale {};
  static inline Scale scale(const std::byte*, int) { return {}; }
  static inline V::Reg load(const std::byte* row, int i, Scale) { return L::load(row + i * L::kBytes); }
  static inline float load_one(const std::byte* row, int i) { return L::load_one(row + i * L::kBytes); }
};
struct Q8 {
  static constexpr int kStep = 32, kBlockBytes = 34;
  using Scale = V::Reg;
  static inline const uint8_t* block(const std::byte* row, int i) {
    return reinterpret_cast<const uint8_t*>(row) + i / kStep * kBlockBytes;
  }
  static inline Scale scale(const std::byte* row, int i) { return V::broadcast(f16(block(row, i))); }
  // Exact: a scale has 11 bits and a code 7.
  static inline V::Reg load(const std::byte* row, int i, Scale s) {
    return V::mul(V::from_int8(reinterpret_cast<const int8_t*>(block(row, i) + 2 + i % kStep)), s);
  }
  static inline float load_one(const std::byte* row, int i) {
    return f16(block(row, i)) * static_cast<float>(static_cast<int8_t>(block(row, i)[2 + i % kStep]));
  }
};

inline void prefetch(const std::byte* p, size_t n_bytes) {
  for (size_t i = 0; i < n_bytes; i += 64) __builtin_prefetch(p + i, 0, 2);
}

// scores[q][t + j] for kTokens keys and kQueries queries. A sum adds up in the same order whatever the block's shape.
template <class L, int kTokens, int kQueries>
inline void score_block(const AttentionTile& tile, int t, const float* const* queries, float* scores) {
  constexpr int kSums = kTokens * kQueries;
  const int d = tile.head_dim, whole = d / L::kStep * L::kStep;
  const std::byte* k = tile.k + static_cast<size_t>(t) * tile.row_bytes;
  typename V::Reg sum[kSums];
#pragma GCC unroll 8
  for (int i = 0; i < kSums; ++i) sum[i] = V::zero();
  for (int i = 0; i < whole; i += L::kStep) {
    typename L::Scale scale[kTokens];
    for (int j = 0; j < kTokens; ++j) scale[j] = L::scale(k + static_cast<size_t>(j) * tile.row_bytes, i);
#pragma GCC unroll 8
    for (int at = i; at < i + L::kStep; at += V::kLanes) {
      typename V::Reg key[kTokens];
      for (int j = 0; j < kTokens; ++j) key[j] = L::load(k + static_cast<size_t>(j) * tile.row_bytes, at, scale[j]);
#pragma GCC unroll 8
      for (int q = 0; q < kQueries; ++q) {
        typename V::Reg x = V::load(queries[q] + at);
        if (kTokens > 1) V::hold(x);
        for (int j = 0; j < kTokens; ++j) sum[q * kTokens + j] = V::fma(key[j], x, sum[q * kTokens + j]);
      }
    }
  }
  float total[kSums];
  if constexpr (kSums == kBlockSums)
    V::eight_sums(sum, total);
  else
    for (int i = 0; i < kSums; ++i) total[i] = V::sum(sum[i]);
  for (int q = 0; whole < d && q < kQueries; ++q)
    for (int j = 0; j < kTokens; ++j) {
      const std::byte* row = k + static_cast<size_t>(j) * tile.row_bytes;
      for (int i = whole; i < d; ++i) total[q * kTokens + j] += L::load_one(row, i) * queries[q][i];
    }
  for (int q = 0; q < kQueries; ++q)
    for (int j = 0; j < kTokens; ++j) scores[q * kTileTokens + t + j] = total[q * kTokens + j];
}

// The keys [t, end) for kQueries queries.
template <class L, int kQueries>
inline void score_keys(const AttentionTile& tile, int t, int end, const float* const* queries, float* scores) {
  constexpr int kTokens = kBlockSums / kQueries;
  for (; t + kTokens <= end; t += kTokens) score_block<L, kTokens, kQueries>(tile, t, queries, scores);
  for (; t < end; ++t) score_block<L, 1, kQueries>(tile, t, queries, scores);
}

// A few keys at a time, so that they stay in the first-level cache for all queries, and that values are asked for a few
// lines at a time: a core waits for no more than some twenty.
template <class L>
void attention_scores(const AttentionTile& tile, const float* const* queries, int n_queries, float* scores) {
  const int n_keys = n_queries >= 4 ? kBlockSums / 4 : kBlockSums;
  for (int t = 0; t < tile.n_tokens; t += n_keys) {
    const int end = t + n_keys < tile.n_tokens ? t + n_keys : tile.n_tokens;
    prefetch(tile.v + static_cast<size_t>(t) * tile.row_bytes, static_cast<size_t>(end - t) * tile.row_bytes);
    int q = 0;
    for (; q + 4 <= n_queries; q += 4) score_keys<L, 4>(tile, t, end, queries + q, scores + q * kTileTokens);
    for (; q + 2 <= n_queries; q += 2) score_keys<L, 2>(tile, t, end, queries + q, scores + q * kTileTokens);
    if (q < n_queries) score_keys<L, 1>(tile, t, end, queries + q, scores + q * kTileTokens);
  }
}

// values[t][i] = v_t[column + i] for i < n <= kValueColumns; asks for as large a part of the next tile's keys.
template <class L>
inline void convert_values(const AttentionTile& tile, int column, int n, float* values) {
  const size_t n_ahead = tile.row_bytes * kValueColumns / static_cast<size_t>(tile.head_dim);
  const std::byte* next = tile.next;
  if (next != nullptr) next += n_ahead * static_cast<size_t>(column / kValueColumns * tile.n_tokens);
  for (int t = 0; t < tile.n_tokens; ++t) {
    if (next != nullptr) prefetch(next + static_cast<size_t>(t) * n_ahead, n_ahead);
    const std::byte* v = tile.v + static_cast<size_t>(t) * tile.row_bytes;
    float* out = values + t * kValueColumns;
    int i = 0;
    const typename L::Scale scale = L::scale(v, column);
    for (; i + V::kLanes <= n; i += V::kLanes) V::store(out + i, L::load(v, column + i, scale));
    for (; i < n; ++i) out[i] = L::load_one(v, column + i);
  }
}

// out[q][0 .. kVectors * V::kLanes) += sum_t p[q][t] * values[t], in the order of t.
template <int kVectors, int kQueries>
inline void add_values(const float* values, int n_tokens, const float* p, float* const* out, int column) {
  typename V::Reg sum[kQueries][kVectors];
  for (int q = 0; q < kQueries; ++q)
    for (int i = 0; i < kVectors; ++i) sum[q][i] = V::load(out[q] + column + i * V::kLanes);
  for (int t = 0; t < n_tokens; ++t) {
    typename V::Reg value[kVectors];
    for (int i = 0; i < kVectors; ++i) value[i] = V::load(values + t * kValueColumns + i * V::kLanes);
#pragma GCC unroll 8
    for (int q = 0; q < kQueries; ++q) {
      const typename V::Reg weight = V::broadcast(p[q * kTileTokens + t]);
      for (int i = 0; i < kVectors; ++i) sum[q][i] = V::fma(value[i], weight, sum[q][i]);
    }
  }
  for (int q = 0; q < kQueries; ++q)
    for (int i = 0; i < kVectors; ++i) V::store(out[q] + column + i * V::kLanes, sum[q][i]);
}

// Columns [column, column + n) for kQueries queries.
template <int kQueries>
inline void add_columns(const float* values, int n_tokens, const float* p, float* const* out, int column, int n) {
  constexpr int kMost = kValueColumns / V::kLanes, kWanted = kBlockSums / kQueries,
                kVectors = kWanted < kMost ? kWanted : kMost;
  int i = 0;
  for (; i + kVectors * V::kLanes <= n; i += kVectors * V::kLanes)
    add_values<kVectors, kQueries>(values + i, n_tokens, p, out, column + i);
  for (; i + V::kLanes <= n; i += V::kLanes) add_values<1, kQueries>(values + i, n_tokens, p, out, column + i);
  for (; i < n; ++i)
    for (int t = 0; t < n_tokens; ++t)
      for (int q = 0; q < kQueries; ++q) out[q][column + i] += p[q * kTileTokens + t] * values[t * kValueColumns + i];
}

template <class L>
void attention_accumulate(const AttentionTile& tile, const float* p, int n_queries, float* const* out) {
  alignas(64) float values[kTileTokens * kValueColumns];
  const int d = tile.head_dim, n = tile.n_tokens;
  for (int column = 0; column < d; column += kValueColumns) {
    const int width = d - column < kValueColumns ? d - column : kValueColumns;
    convert_values<L>(tile, column, width, values);
    int q = 0;
    for (; q + 4 <= n_queries; q += 4) add_columns<4>(values, n, p + q * kTileTokens, out + q, column, width);
    for (; q + 2 <= n_queries; q += 2) add_columns<2>(values, n, p + q * kTileTokens, out + q, column, width);
    if (q < n_queries) add_columns<1>(values, n, p + q * kTileTokens, out + q, column, width);
  }
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

void store_q8_row(std::byte* out, const float* x, int n) {
  for (int i = 0; i < n; i += Q8::kStep, x += Q8::kStep, out += Q8::kBlockBytes) {
    typename V::Reg largest = V::zero(), nothing = V::zero();
    for (int j = 0; j < Q8::kStep; j += V::kLanes) {
      const typename V::Reg a = V::load(x + j);
      largest = V::max(largest, V::max(a, V::sub(V::zero(), a)));
      nothing = V::add(nothing, V::mul(a, V::zero()));  // no number if one is infinite or none
    }
    const bool is_finite = V::sum(nothing) == 0;
    const uint16_t half = is_finite ? f32_to_f16(V::largest(largest) / 127) : kHalfNan;
    const float scale = f16_to_f32(half), inverse = scale > 0 ? 1 / scale : 0;
    int16_t codes[Q8::kStep] = {};
    if (is_finite) V::to_int16(x, inverse, codes);
    __builtin_memcpy(out, &half, sizeof half);
    for (int j = 0; j < Q8::kStep; ++j) {
      const int code = codes[j] < -127 ? -127 : codes[j] > 127 ? 127 : codes[j];
      out[2 + j] = static_cast<std::byte>(static_cast<int8_t>(code));
    }
  }
}
