// Products of codes with so few tokens that a panel's lanes would stay empty and unpacking would cost more than it
// saves: decode steps, experts with few rows. Codes are multiplied as they come, along the depth; what the groups of
// eight rows come to is gathered in registers that have a row in each lane, and added up there, group after group.
// Every sum is that of generic/panel_int16.inl, in the same order, to the bit.

constexpr int kFewTokens = V::kLanes / 2, kFewRows = 8;

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

// The token's elements from `first` on.
inline const FewToken& few_token(const FewColumns& x, int first, int t) {
  return reinterpret_cast<const FewToken*>(x.tile + static_cast<size_t>(first / kPanelDepth) * x.tile_bytes)[t];
}

// A chunk of eight rows; the last one that is there stands for those that are not.
template <class F>
struct FewChunk {
  const uint8_t* block[kFewRows];
  Eight::Reg scale[kChunk / F::kGroup], min[F::kHasMin ? kChunk / F::kGroup : 1];
  uint8_t padded[F::kBlock < kChunk ? kFewRows : 1][kChunkBytes<F>];

  // n_bytes of it are there, and n_readable bytes from the first row's on.
  inline void load(const std::byte* rows, size_t row_bytes, int n_rows, size_t n_bytes, size_t n_readable) {
    constexpr size_t kWhole = kChunkBytes<F>;
    alignas(64) Scales scales[kFewRows];
    for (int i = 0; i < kFewRows; ++i) {
      const size_t at = static_cast<size_t>(i < n_rows ? i : n_rows - 1) * row_bytes;
      block[i] = reinterpret_cast<const uint8_t*>(rows + at);
      if (F::kBlock < kChunk && at + kWhole > n_readable) block[i] = pad(i, n_bytes);
      F::scales(block[i], scales[i]);
    }
    for (int g = 0; g < kChunk / F::kGroup; g += 8) {
      square_of(scales, offsetof(Scales, scale) / sizeof(float) + static_cast<size_t>(g), scale + g);
      if constexpr (F::kHasMin)
        square_of(scales, offsetof(Scales, min) / sizeof(float) + static_cast<size_t>(g), min + g);
    }
  }

 private:
  inline const uint8_t* pad(int i, size_t n_bytes) {
    __builtin_memset(padded[i], 0, sizeof padded[i]);
    __builtin_memcpy(padded[i], block[i], n_bytes);
    return padded[i];
  }
  // Eight groups, each as a register with a row in each lane.
  static inline void square_of(const Scales (&rows)[kFewRows], size_t first, Eight::Reg* out) {
    Eight::Reg square[kFewRows];
    for (int i = 0; i < kFewRows; ++i) square[i] = Eight::load(reinterpret_cast<const float*>(rows + i) + first);
    Eight::transpose(square);
    for (int i = 0; i < kFewRows; ++i) out[i] = square[i];
  }
};

// total += what group g of a chunk comes to, which is number x_g of the token's.
template <class F>
inline Eight::Reg add_few(Eight::Ints sum, const FewToken& x, int x_g, const FewChunk<F>& w, int g, Eight::Reg total) {
  constexpr bool kIsSmall = F::kGroup == 16;
  if constexpr (F::kOffset != 0)
    sum = Eight::sub_ints(sum, Eight::broadcast_int(F::kOffset * (kIsSmall ? x.whole16 : x.whole32)[x_g]));
  const Eight::Reg scaled = Eight::mul(Eight::to_float(sum), Eight::broadcast(x.scale[x_g * F::kGroup / 32]));
  total = Eight::fma(scaled, w.scale[g], total);
  if constexpr (F::kHasMin)
    total = Eight::sub(total, Eight::mul(w.min[g], Eight::broadcast((kIsSmall ? x.sum16 : x.sum32)[x_g])));
  return total;
}

// Unit u of a chunk that begins with element `first`.
template <class F, int u>
inline void multiply_few_unit(const FewChunk<F>& w, const FewColumns& x, int first, Eight::Reg* totals) {
  constexpr int kRegs = 32 / F::kGroup, kGroups = kUnit / F::kGroup;
  V::Words words[kFewRows];
#pragma GCC unroll 8
  for (int i = 0; i < kFewRows; ++i) words[i] = V::words<F::kIsSigned>(F::codes(w.block[i], u));
  for (int t = 0; t < x.n_tokens; ++t) {
    const FewToken& token = few_token(x, first, t);
    const int at = first % kPanelDepth + u * kUnit;
    Eight::Ints sums[kGroups];  // in the order of the groups
    if constexpr (kRegs == 1) {
      V::Ints products[kFewRows];
#pragma GCC unroll 8
      for (int i = 0; i < kFewRows; ++i) products[i] = V::products_of_32(words[i], token.codes + at);
      V::sums_by_row(products, sums[0], sums[1]);
    } else {
      V::Ints even[kFewRows], odd[kFewRows];
#pragma GCC unroll 8
      for (int i = 0; i < kFewRows; ++i) V::products_of_16(words[i], token.codes + at, even[i], odd[i]);
      V::sums_by_row(even, sums[0], sums[2]);
      V::sums_by_row(odd, sums[1], sums[3]);
    }
    Eight::Reg total = totals[t];
#pragma GCC unroll 4
    for (int i = 0; i < kGroups; ++i)
      if (i == 0 || first + u * kUnit + i * F::kGroup < x.n)
        total = add_few<F>(sums[i], token, at / F::kGroup + i, w, u * kGroups + i, total);
    totals[t] = total;
  }
}

template <class F>
void multiply_few(const std::byte* blocks, size_t row_bytes, int n_rows, const FewColumns& x, float factor, float* out,
                  size_t out_stride) {
  for (int r = 0; r < n_rows; r += kFewRows) {
    const int n_there = n_rows - r < kFewRows ? n_rows - r : kFewRows;
    const std::byte* rows = blocks + static_cast<size_t>(r) * row_bytes;
    Eight::Reg totals[kFewTokens];
    for (Eight::Reg& total : totals) total = Eight::zero();
    FewChunk<F> chunk;
    for (int first = 0; first < x.n; first += kChunk) {
      const size_t at = static_cast<size_t>(first / kChunk) * kChunkBytes<F>;
      prefetch_ahead(rows + kFewRows * at, kFewRows * kChunkBytes<F>);
      const int n = x.n - first < kChunk ? x.n - first : kChunk;
      chunk.load(rows + at, row_bytes, n_there, static_cast<size_t>(n / F::kBlock * F::kBytes),
                 static_cast<size_t>(n_rows - r) * row_bytes - at);
      for_units([&](auto u) {
        if (u * kUnit < n) multiply_few_unit<F, u>(chunk, x, first, totals);
      });
    }
    for (int t = 0; t < x.n_tokens; ++t) {
      alignas(32) float y[kFewRows];
      Eight::store(y, Eight::mul(totals[t], Eight::broadcast(factor)));
      __builtin_memcpy(out + static_cast<size_t>(t) * out_stride + r, y, static_cast<size_t>(n_there) * sizeof *y);
    }
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
