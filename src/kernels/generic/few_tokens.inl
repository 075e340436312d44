// Panels of Int16 that so few tokens meet that lanes would stay empty and unpacking would cost more than it saves:
// codes are multiplied as they come, along the depth, and what a group comes to is added up with a row of weights in
// each lane. Every sum is that of generic/panel_int16.inl, in the same order, to the bit.

constexpr int kFewTokens = 4, kFewRows = V::kLanes;

// A tile has one of these for each of its tokens.
struct FewToken {
  alignas(64) int16_t codes[kPanelDepth];  // as V::order has them
  float scale[kPanelDepth / 32], sum32[kPanelDepth / 32], sum16[kPanelDepth / 16];
  int whole32[kPanelDepth / 32], whole16[kPanelDepth / 16];  // the same sums before they are scaled
};

void pack_few(const float* const* rows, int n_tokens, int first, int n, std::byte* memory) {
  auto* tile = reinterpret_cast<FewToken*>(memory);
  for (int t = 0; t < n_tokens; ++t) {
    FewToken& token = tile[t];
    for (int i = 0; i < (n + kChunk - 1) / kChunk * kChunk; i += kUnit) {
      alignas(64) int16_t q[kUnit] = {};
      for (int b = i / kRoundedBlock; b < (i + kUnit) / kRoundedBlock && b < n / kRoundedBlock; ++b) {
        int* sums = token.whole16 + 2 * b;
        sums[0] = sums[1] = 0;
        const float scale =
            round_block(rows[t] + first + b * kRoundedBlock, V::kTopCode, q + b % 2 * kRoundedBlock, sums);
        token.scale[b] = scale;
        token.whole32[b] = sums[0] + sums[1];
        token.sum32[b] = scale * static_cast<float>(token.whole32[b]);
        for (int h = 0; h < 2; ++h) token.sum16[2 * b + h] = scale * static_cast<float>(sums[h]);
      }
      V::order(q, token.codes + i);
    }
  }
}

// Of a span of the depth: what a row's groups come to, for each token and chunk.
template <class F>
struct FewSums {
  // Groups of 32: the even ones, then the odd ones. Groups of 16: the first and the third of each unit; the second and
  // the fourth.
  static constexpr int kRegs = 32 / F::kGroup, kChunks = kFewDepth / kChunk;
  V::Ints of_chunk[kFewTokens][kChunks][kRegs][kFewRows];
  alignas(32) float scale[kFewRows][kFewDepth / F::kGroup], min[kFewRows][kFewDepth / F::kGroup];
};

// The products of a unit with one token: those of its first 32 weights in one half, of the others in the other half.
template <class F>
inline void multiply_unit(const Codes& codes, const int16_t* x, int u, V::Ints (&out)[2][4]) {
  const V::Words w = V::words<F::kIsSigned>(codes);
  const V::Ints first = V::add_ints(V::product(w.w[0], x), V::product(w.w[1], x + 16)),
                second = V::add_ints(V::product(w.w[2], x + 32), V::product(w.w[3], x + 48));
  if constexpr (F::kGroup == 32) {
    out[0][u] = V::add_ints(first, second);
  } else {
    out[0][u] = first;
    out[1][u] = second;
  }
}

inline const FewToken& few_token(const std::byte* tile, size_t tile_bytes, int first, int t) {
  return reinterpret_cast<const FewToken*>(tile + static_cast<size_t>(first / kPanelDepth) * tile_bytes)[t];
}

// Row i of the sums.
template <class F>
inline void multiply_few_row(const std::byte* blocks, const FewColumns& x, int i, FewSums<F>& out) {
  Chunks<F> chunks(blocks, x.n, true);
  for (int first = 0; first < x.n; first += kChunk) {
    const uint8_t* block = chunks.next();
    prefetch_ahead(blocks + first / kChunk * kChunkBytes<F>, kChunkBytes<F>);
    Scales scales;
    F::scales(block, scales);
    constexpr size_t kScaleBytes = kChunk / F::kGroup * sizeof(float);
    __builtin_memcpy(out.scale[i] + first / F::kGroup, scales.scale, kScaleBytes);
    if constexpr (F::kHasMin) __builtin_memcpy(out.min[i] + first / F::kGroup, scales.min, kScaleBytes);
    for (int t = 0; t < x.n_tokens; ++t) {
      const int16_t* codes = few_token(x.tile, x.tile_bytes, first, t).codes + first % kPanelDepth;
      V::Ints products[2][4];
      for_units([&](auto u) { multiply_unit<F>(F::codes(block, u), codes + u * kUnit, u, products); });
      for (int h = 0; h < FewSums<F>::kRegs; ++h)
        out.of_chunk[t][first / kChunk][h][i] = V::sums_of_halves(products[h]);
    }
  }
}

// Groups of a chunk, as registers that have a row in each lane.
template <class F>
inline void square_of(const float (&rows)[kFewRows][kFewDepth / F::kGroup], int first, V::Reg* out) {
  for (int g = 0; g < kChunk / F::kGroup; g += V::kLanes) {
    V::Reg square[V::kLanes];
    for (int i = 0; i < V::kLanes; ++i) square[i] = V::load(rows[i] + first / F::kGroup + g);
    V::transpose(square);
    for (int i = 0; i < V::kLanes; ++i) out[g + i] = square[i];
  }
}

// total += the groups of a chunk from `first` on, in their order.
template <class F>
inline V::Reg add_few(V::Ints (&sums)[FewSums<F>::kRegs][kFewRows], const FewToken& x, int first, int n_groups,
                      const V::Reg* scale, const V::Reg* min, V::Reg total) {
  constexpr bool kIsSmall = F::kGroup == 16;
  for (auto& square : sums) V::transpose(square);
  for (int i = 0; i < n_groups; ++i) {
    V::Ints sum = kIsSmall ? sums[i % 2][i / 4 + i % 4 / 2 * 4] : sums[0][i / 2 + i % 2 * 4];
    const int g = first / F::kGroup + i;
    if constexpr (F::kOffset != 0)
      sum = V::sub_ints(sum, V::broadcast_int(F::kOffset * (kIsSmall ? x.whole16 : x.whole32)[g]));
    const V::Reg x_scale = V::broadcast(x.scale[g * F::kGroup / 32]);
    total = V::fma(V::mul(V::to_float(sum), x_scale), scale[i], total);
    if constexpr (F::kHasMin) total = V::sub(total, V::mul(min[i], V::broadcast((kIsSmall ? x.sum16 : x.sum32)[g])));
  }
  return total;
}

template <class F>
void multiply_few(const std::byte* blocks, size_t row_bytes, int n_rows, const FewColumns& x, float* acc,
                  int acc_stride) {
  for (int r = 0; r < n_rows; r += kFewRows) {
    const int n_there = n_rows - r < kFewRows ? n_rows - r : kFewRows;
    FewSums<F> sums;
    for (int i = 0; i < kFewRows; ++i)  // the last row stands for those that are not there
      multiply_few_row<F>(blocks + static_cast<size_t>(r + (i < n_there ? i : n_there - 1)) * row_bytes, x, i, sums);
    alignas(32) float total[kFewTokens][kFewRows] = {};
    for (int t = 0; t < x.n_tokens; ++t)
      for (int i = 0; i < n_there; ++i) total[t][i] = acc[(r + i) * acc_stride + t];
    for (int first = 0; first < x.n; first += kChunk) {
      V::Reg scale[kChunk / F::kGroup], min[kChunk / F::kGroup];
      square_of<F>(sums.scale, first, scale);
      if constexpr (F::kHasMin) square_of<F>(sums.min, first, min);
      const int n_groups = (x.n - first < kChunk ? x.n - first : kChunk) / F::kGroup;
      for (int t = 0; t < x.n_tokens; ++t)
        V::store(total[t], add_few<F>(sums.of_chunk[t][first / kChunk], few_token(x.tile, x.tile_bytes, first, t),
                                      first % kPanelDepth, n_groups, scale, min, V::load(total[t])));
    }
    for (int t = 0; t < x.n_tokens; ++t)
      for (int i = 0; i < n_there; ++i) acc[(r + i) * acc_stride + t] = total[t][i];
  }
}

constexpr FewTokens few_tokens() {
  FewTokens k{kFewTokens, pack_few, {}};
#define FACET_CODE_FORMAT(type) k.multiply[static_cast<size_t>(quant::BlockType::type)] = multiply_few<type>;
#define FACET_FLOAT_FORMAT(type)
#define FACET_DECODED_FORMAT(type)
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
#undef FACET_FLOAT_FORMAT
#undef FACET_DECODED_FORMAT
  return k;
}
