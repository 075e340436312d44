// Matrix times vectors, on the file's own blocks.
//
// Products of codes are products of integers: the activations are rounded to 16 bits by blocks of 32, which is as good
// as exact (about 2^-16 of a block's largest) and takes half the instructions of turning codes into floats.

// Asks for memory in the order of its addresses: `p` runs through the rows one behind the other, this far ahead.
inline void prefetch_ahead(const std::byte* p, int n_bytes) {
  constexpr int kFar = 16384, kLine = 64;
  for (int i = 0; i < n_bytes; i += kLine) __builtin_prefetch(reinterpret_cast<const char*>(p) + kFar + i, 0, 2);
}

// Where the parts of a rounded column of n elements lie; whole chunks, filled up with zeros. A sum is that of the
// rounded elements.
template <class Float>
struct Rounded {
  using Code = std::conditional_t<std::is_const_v<Float>, const int16_t, int16_t>;
  Code* codes;
  Float *scale32, *sum32, *scale16, *sum16;

  Rounded(Float* memory, int n)
      : codes(reinterpret_cast<Code*>(memory)),
        scale32(memory + n_chunks(n) * (kChunk / 2)),
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
template <class F>
class GroupSums {
 public:
  static constexpr int kVectors = kChunk / F::kGroup / 8;

  // Written out: clang compiles what it makes up by itself outside the target region.
  GroupSums() {
    for (Lanes8& v : subtracted_) v = Lanes8{};
  }

  // Chunk i, of which n weights are there: both factors' scales multiplied.
  inline typename V::template GroupScales<F::kGroup> add(const Scales& w, const Rounded<const float>& x, int i, int n) {
    const int first = i * kVectors * 8;
    const float *x_scale = (F::kGroup == 16 ? x.scale16 : x.scale32) + first,
                *x_sum = (F::kGroup == 16 ? x.sum16 : x.sum32) + first;
    Lanes8 products[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      const auto of_weights = [&](const float* p) {
        const auto all = load_bytes<Lanes8>(p + 8 * v);
        return F::kBlock < kChunk ? first_of(all, n / F::kGroup - 8 * v) : all;
      };
      const Lanes8 scale = of_weights(w.scale);
      products[v] = scale * load_bytes<Lanes8>(x_scale + 8 * v);
      if constexpr (F::kHasMin || F::kOffset != 0)
        subtracted_[v] += load_bytes<Lanes8>(x_sum + 8 * v) * (F::kHasMin ? of_weights(w.min) : scale);
    }
    return typename V::template GroupScales<F::kGroup>(products);
  }
  inline float total() const {
    float sum = 0;
    for (int v = 0; v < kVectors; ++v)
      for (int i = 0; i < 8; ++i) sum += subtracted_[v][i];
    return F::kHasMin ? sum : static_cast<float>(F::kOffset) * sum;
  }

 private:
  Lanes8 subtracted_[kVectors];
};

// One row, N columns: the same numbers in the same order for any N. Two sums a column, so that two chains of additions
// overlap.
template <class F, int N>
inline void multiply_row(const std::byte* w, int n_in, bool is_near_end, const Rounded<const float>* x, float* y,
                         size_t y_stride) {
  typename V::Reg even[N], odd[N];
  for (int c = 0; c < N; ++c) even[c] = odd[c] = V::zero();
  GroupSums<F> groups[N];
  Chunks<F> chunks(w, n_in, is_near_end);
  for (int i = 0; i * kChunk < n_in; ++i) {
    prefetch_ahead(w + static_cast<size_t>(i) * kChunkBytes<F>, kChunkBytes<F>);
    const int n = F::kBlock < kChunk && n_in - i * kChunk < kChunk ? n_in - i * kChunk : kChunk;
    const uint8_t* block = chunks.next();
    Scales scales;
    F::scales(block, scales);
    typename V::template GroupScales<F::kGroup> scale[N];
    for (int c = 0; c < N; ++c) scale[c] = groups[c].add(scales, x[c], i, n);
    for_units([&](auto u) {
      if (u * kUnit >= n) return;
      const typename V::Words codes = V::template words<F::kIsSigned>(F::codes(block, u));
      for (int c = 0; c < N; ++c)
        V::template add_products<u>(u % 2 == 0 ? even[c] : odd[c], codes, scale[c],
                                    x[c].codes + i * kChunk + u * kUnit);
    });
  }
  for (int c = 0; c < N; ++c)
    y[static_cast<size_t>(c) * y_stride] = V::sum(V::add(even[c], odd[c])) - groups[c].total();
}

// A function of its own for each N: together they have too few registers.
template <class F, int N>
__attribute__((noinline)) void multiply_codes(const std::byte* w, size_t row_bytes, int n_in, int n_rows,
                                              const float* rounded, size_t stride, float* y, size_t y_stride) {
  // Not an array of N objects: those have no default.
  const auto column = [&](int c) {
    return Rounded<const float>(rounded + static_cast<size_t>(c < N ? c : 0) * stride, n_in);
  };
  const Rounded<const float> x[4] = {column(0), column(1), column(2), column(3)};
  for (int o = 0; o < n_rows; ++o) {
    const bool is_near_end = static_cast<size_t>(n_rows - 1 - o) * row_bytes < size_t{kChunkBytes<F>};
    multiply_row<F, N>(w + static_cast<size_t>(o) * row_bytes, n_in, is_near_end, x, y + o, y_stride);
  }
}

template <class F>
void matvec_codes(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const Columns& x, int n_cols, float* y,
                  size_t y_stride) {
  int c = 0;
  const auto multiply = [&]<int N>(std::integral_constant<int, N>) {
    for (; c + N <= n_cols; c += N)
      multiply_codes<F, N>(w, row_bytes, n_in, n_rows, x.rounded + static_cast<size_t>(c) * x.rounded_stride,
                           x.rounded_stride, y + static_cast<size_t>(c) * y_stride, y_stride);
  };
  multiply(std::integral_constant<int, 4>{});
  multiply(std::integral_constant<int, 2>{});
  multiply(std::integral_constant<int, 1>{});
}

// Types of one element, N columns in a pass.
template <class L, int N>
void multiply_floats(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const float* x, size_t x_stride,
                     float* y, size_t y_stride) {
  constexpr int kStep = 2 * V::kLanes;
  for (int o = 0; o < n_rows; ++o) {
    const std::byte* row = w + static_cast<size_t>(o) * row_bytes;
    V::Reg even[N], odd[N];
    for (int c = 0; c < N; ++c) even[c] = odd[c] = V::zero();
    int i = 0;
    for (; i + kStep <= n_in; i += kStep) {
      prefetch_ahead(row + i * L::kBytes, kStep * L::kBytes);
      const V::Reg w0 = L::load(row + i * L::kBytes), w1 = L::load(row + (i + V::kLanes) * L::kBytes);
      for (int c = 0; c < N; ++c) {
        const float* xs = x + static_cast<size_t>(c) * x_stride + i;
        even[c] = V::fma(w0, V::load(xs), even[c]);
        odd[c] = V::fma(w1, V::load(xs + V::kLanes), odd[c]);
      }
    }
    for (int c = 0; c < N; ++c) {
      float total = V::sum(V::add(even[c], odd[c]));
      for (int k = i; k < n_in; ++k)
        total += L::load_one(row + k * L::kBytes) * x[static_cast<size_t>(c) * x_stride + static_cast<size_t>(k)];
      y[static_cast<size_t>(c) * y_stride + static_cast<size_t>(o)] = total;
    }
  }
}

template <class L>
void matvec_floats(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const Columns& x, int n_cols, float* y,
                   size_t y_stride) {
  int c = 0;
  for (; c + 4 <= n_cols; c += 4)
    multiply_floats<L, 4>(w, row_bytes, n_in, n_rows, x.x + static_cast<size_t>(c) * x.stride, x.stride,
                          y + static_cast<size_t>(c) * y_stride, y_stride);
  for (; c < n_cols; ++c)
    multiply_floats<L, 1>(w, row_bytes, n_in, n_rows, x.x + static_cast<size_t>(c) * x.stride, x.stride,
                          y + static_cast<size_t>(c) * y_stride, y_stride);
}

// Formats without kernels of their own: 256 weights at a time through a buffer.
void multiply_decoded(quant::BlockType type, const std::byte* w, size_t row_bytes, int n_in, int n_rows,
                      const Columns& x, int n_cols, float* y, size_t y_stride) {
  alignas(64) float buffer[kChunk];
  for (int o = 0; o < n_rows; ++o) {
    float* out = y + o;
    for (int c = 0; c < n_cols; ++c) out[static_cast<size_t>(c) * y_stride] = 0;
    for (int i = 0; i < n_in; i += kChunk) {
      const int n = n_in - i < kChunk ? n_in - i : kChunk;
      const std::byte* block = w + static_cast<size_t>(o) * row_bytes + quant::row_bytes(type, static_cast<size_t>(i));
      quant::decode_row(type, block, buffer, static_cast<size_t>(n));
      for (int c = 0; c < n_cols; ++c)
        out[static_cast<size_t>(c) * y_stride] += dot(buffer, x.x + static_cast<size_t>(c) * x.stride + i, n);
    }
  }
}

template <quant::BlockType kType>
void matvec_decoded(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const Columns& x, int n_cols, float* y,
                    size_t y_stride) {
  multiply_decoded(kType, w, row_bytes, n_in, n_rows, x, n_cols, y, y_stride);
}

void round_column(const float* x, int n, float* out) {
  const Rounded<float> r(out, n);
  for (int i = 0; i < Rounded<float>::n_chunks(n) * kChunk; i += kUnit) {
    alignas(64) int16_t codes[kUnit] = {};
    for (int k = 0; k < kUnit; k += kRoundedBlock) {
      int sums[2] = {0, 0};
      const float scale = i + k + kRoundedBlock <= n ? round_block(x + i + k, codes + k, sums) : 0;
      const int b = (i + k) / kRoundedBlock;
      r.scale32[b] = scale;
      r.sum32[b] = scale * static_cast<float>(sums[0] + sums[1]);
      for (int h = 0; h < 2; ++h) {
        r.scale16[2 * b + h] = scale;
        r.sum16[2 * b + h] = scale * static_cast<float>(sums[h]);
      }
    }
    V::order(codes, r.codes + i);
  }
}
