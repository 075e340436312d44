// Matrix times vectors of codes, on the file's own blocks.
//
// Products of codes are products of integers: the activations are rounded by blocks of 32, to 16 bits, which is as good
// as exact (about 2^-16 of a block's largest) and takes half the instructions of turning codes into floats, or to 8
// bits, which takes half of those again. P says which, and holds what the set has for it:
//   Code, kTopCode                  what an element becomes, and the largest
//   order(q, out)                   64 rounded elements in the order in which products meet them
//   Reg, zero, add, sum             sums of a row
//   GroupScales                     scales of a chunk's groups
//   Words, words<F>(codes)          a unit's codes as products want them
//   add_products<F, u>(acc, w, s, x)  acc += scale * (w . x) of unit u; the products of one lane are a sum of integers

// Where the parts of a rounded column of n elements lie; whole chunks, filled up with zeros. A sum is that of the
// rounded elements.
template <class P, class Float>
struct Rounded {
  using Code = std::conditional_t<std::is_const_v<Float>, const typename P::Code, typename P::Code>;
  Code* codes;
  Float *scale32, *sum32, *scale16, *sum16;

  Rounded(Float* memory, int n)
      : codes(reinterpret_cast<Code*>(memory)),
        scale32(memory + n_chunks(n) * (kChunk * static_cast<int>(sizeof(Code)) / 4)),
        sum32(scale32 + n_chunks(n) * (kChunk / 32)),
        scale16(sum32 + n_chunks(n) * (kChunk / 32)),
        sum16(scale16 + n_chunks(n) * (kChunk / 16)) {}

  static inline int n_chunks(int n) { return (n + kChunk - 1) / kChunk; }
};

// The first n of eight numbers, zeros behind them.
inline Lanes8 first_of(const Lanes8& x, int n) {
  alignas(32) constexpr int kIndexes[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  return __builtin_bit_cast(Lanes8, __builtin_bit_cast(I8, x) & (load_bytes<I8>(kIndexes) < n));
}

// A column's part in a row that needs no codes: the scales of a chunk's groups, and what minimums or offsets take away.
template <class P, class F>
class GroupSums {
 public:
  static constexpr int kVectors = kChunk / F::kGroup / 8;

  // Written out: clang compiles what it makes up by itself outside the target region.
  GroupSums() {
    for (Lanes8& v : subtracted_) v = Lanes8{};
  }

  // Chunk i, of which n weights are there: both factors' scales multiplied.
  template <class Int>
  inline typename P::template GroupScales<F::kGroup> add(const Scales& w, const Rounded<P, const float>& x, int i,
                                                         Int n) {
    const int first = i * kVectors * 8;
    const float *x_scale = (F::kGroup == 16 ? x.scale16 : x.scale32) + first,
                *x_sum = (F::kGroup == 16 ? x.sum16 : x.sum32) + first;
    Lanes8 products[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      const auto of_weights = [&](const float* p) {
        const auto all = load_bytes<Lanes8>(p + 8 * v);
        return std::is_same_v<Int, int> ? first_of(all, n / F::kGroup - 8 * v) : all;
      };
      const Lanes8 scale = of_weights(w.scale);
      products[v] = scale * load_bytes<Lanes8>(x_scale + 8 * v);
      if constexpr (F::kHasMin || F::kOffset != 0)
        subtracted_[v] += load_bytes<Lanes8>(x_sum + 8 * v) * (F::kHasMin ? of_weights(w.min) : scale);
    }
    return typename P::template GroupScales<F::kGroup>(products);
  }
  inline float total() const {
    Lanes8 all = subtracted_[0];
    for (int v = 1; v < kVectors; ++v) all += subtracted_[v];
    const float sum = V::sum_of_eight(all);
    return F::kHasMin ? sum : static_cast<float>(F::kOffset) * sum;
  }

 private:
  Lanes8 subtracted_[kVectors];
};

// One row, N columns: the same numbers in the same order for any N. Two sums a column, so that two chains of additions
// overlap.
template <class P, class F, int N>
inline void multiply_row(const std::byte* w, int n_in, bool is_near_end, const Rounded<P, const float>* x, float* y,
                         size_t y_stride) {
  typename P::Reg even[N], odd[N];
  for (int c = 0; c < N; ++c) even[c] = odd[c] = P::zero();
  GroupSums<P, F> groups[N];
  Chunks<F> chunks(w, n_in, is_near_end);
  // Chunk i, n weights of it: a constant but for the last chunk.
  const auto add_chunk = [&](const uint8_t* block, int i, auto n) {
    Scales scales;
    F::scales(block, scales);
    typename P::template GroupScales<F::kGroup> scale[N];
    for (int c = 0; c < N; ++c) scale[c] = groups[c].add(scales, x[c], i, n);
    for_units([&](auto u) {
      if (u * kUnit >= n) return;
      const auto codes = P::template words<F>(F::codes(block, u));
      for (int c = 0; c < N; ++c)
        P::template add_products<F, u>(u % 2 == 0 ? even[c] : odd[c], codes, scale[c],
                                       x[c].codes + i * kChunk + u * kUnit);
    });
  };
  const int n_whole = n_in / kChunk;
  for (int i = 0; i < n_whole; ++i) {
    prefetch_ahead(w + static_cast<size_t>(i) * kChunkBytes<F>, kChunkBytes<F>);
    add_chunk(chunks.next_whole(), i, std::integral_constant<int, kChunk>{});
  }
  if (F::kBlock < kChunk && n_in % kChunk != 0) add_chunk(chunks.next(), n_whole, n_in % kChunk);
  for (int c = 0; c < N; ++c)
    y[static_cast<size_t>(c) * y_stride] = P::sum(P::add(even[c], odd[c])) - groups[c].total();
}

// A function of its own for each N: together they have too few registers.
template <class P, class F, int N>
__attribute__((noinline)) void multiply_codes(const std::byte* w, size_t row_bytes, int n_in, int n_rows,
                                              const float* rounded, size_t stride, float* y, size_t y_stride) {
  // Not an array of N objects: those have no default.
  const auto column = [&](int c) {
    return Rounded<P, const float>(rounded + static_cast<size_t>(c < N ? c : 0) * stride, n_in);
  };
  const Rounded<P, const float> x[4] = {column(0), column(1), column(2), column(3)};
  for (int o = 0; o < n_rows; ++o) {
    const bool is_near_end = static_cast<size_t>(n_rows - 1 - o) * row_bytes < size_t{kChunkBytes<F>};
    multiply_row<P, F, N>(w + static_cast<size_t>(o) * row_bytes, n_in, is_near_end, x, y + o, y_stride);
  }
}

template <class P, class F>
void matvec_codes(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const Columns& x, int n_cols, float* y,
                  size_t y_stride) {
  int c = 0;
  const auto multiply = [&]<int N>(std::integral_constant<int, N>) {
    for (; c + N <= n_cols; c += N)
      multiply_codes<P, F, N>(w, row_bytes, n_in, n_rows, x.rounded + static_cast<size_t>(c) * x.rounded_stride,
                              x.rounded_stride, y + static_cast<size_t>(c) * y_stride, y_stride);
  };
  multiply(std::integral_constant<int, 4>{});
  multiply(std::integral_constant<int, 2>{});
  multiply(std::integral_constant<int, 1>{});
}

template <class P>
void round_column(const float* x, int n, float* out) {
  using R = Rounded<P, float>;
  const R r(out, n);
  for (int i = 0; i < R::n_chunks(n) * kChunk; i += kUnit) {
    alignas(64) int16_t codes[kUnit] = {};
    for (int k = 0; k < kUnit; k += kRoundedBlock) {
      int sums[2] = {0, 0};
      const float scale = i + k + kRoundedBlock <= n ? round_block(x + i + k, P::kTopCode, codes + k, sums) : 0;
      const int b = (i + k) / kRoundedBlock;
      r.scale32[b] = scale;
      r.sum32[b] = scale * static_cast<float>(sums[0] + sums[1]);
      for (int h = 0; h < 2; ++h) {
        r.scale16[2 * b + h] = scale;
        r.sum16[2 * b + h] = scale * static_cast<float>(sums[h]);
      }
    }
    P::order(codes, r.codes + i);
  }
}
