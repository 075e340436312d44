// Matrix times vectors, on the file's own blocks, and rows decoded to f32.
//
// Codes are met 32 at a time in the order in which V::floats spreads them over lanes; the activations are brought into
// that order once (prepare), so that no weight has to cross from one half of a register to the other.

// Asks for memory in the order of its addresses: `p` runs through the rows one behind the other, this far ahead.
inline void prefetch_ahead(const std::byte* p, int n_bytes) {
  constexpr int kFar = 16384, kLine = 64;
  for (int i = 0; i < n_bytes; i += kLine) __builtin_prefetch(reinterpret_cast<const char*>(p) + kFar + i, 0, 2);
}

// The part of a product that belongs to the minimums: sum of min * x_sums, in 16 lanes for every instruction set.
class MinimumSum {
 public:
  inline void add(const float* min, const float* x_sums, int n) {
    if (n == kLanes) {
      Lanes m, x;
      __builtin_memcpy(&m, min, sizeof m);
      __builtin_memcpy(&x, x_sums, sizeof x);
      lanes_ += m * x;
    } else {
      for (int i = 0; i < n; ++i) lanes_[i] += min[i] * x_sums[i];
    }
  }
  inline float total() const {
    float sum = 0;
    for (int i = 0; i < kLanes; ++i) sum += lanes_[i];
    return sum;
  }

 private:
  static constexpr int kLanes = kChunk / kSumGroup;
  using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
  Lanes lanes_ = {};
};

// What a row has gathered for one column: two sums, so that two chains of additions overlap.
template <class F>
struct RowSum {
  typename V::Sum even, odd;
  MinimumSum minimums;

  // Written out: clang compiles what it makes up by itself outside the target region.
  RowSum() : even(V::zero_sum()), odd(V::zero_sum()) {}

  inline float total() const {
    const float products = V::total(even, odd) * V::kCodeUnit;
    return F::kHasMin ? products - minimums.total() : products;
  }
};

template <class F>
constexpr int kChunkBytes = kChunk / F::kBlock* F::kBytes;

// Calls unit(u, codes, scales) for each 32 of n weights at b, and returns the scales for what else needs them.
template <class F, class Unit>
inline void for_units(const std::byte* b, int n, Scales& scales, Unit&& unit) {
  const auto* p = reinterpret_cast<const uint8_t*>(b);
  F::scales(p, n / F::kBlock, scales);
  if (n == kChunk) {
#pragma GCC unroll 8
    for (int u = 0; u < kChunk / kUnit; ++u) unit(u, F::codes(p, u), scales.scale + u * kUnit / F::kGroup);
  } else {
    for (int u = 0; u < n / kUnit; ++u) unit(u, F::codes(p, u), scales.scale + u * kUnit / F::kGroup);
  }
}

// One column: codes go from the block to the sum.
template <class F>
void multiply_one(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const float* x, float* y) {
  const float* x_sums = x + n_in;
  for (int o = 0; o < n_rows; ++o) {
    const std::byte* block = w + static_cast<size_t>(o) * row_bytes;
    RowSum<F> sum;
    Scales scales;
    const auto add = [&](int i, int n) {
      for_units<F>(block, n, scales, [&](int u, B32 codes, const float* scale) {
        V::add_product<F::kGroup>(u % 2 == 0 ? sum.even : sum.odd, codes, scale, x + i + u * kUnit);
      });
      if (F::kHasMin) sum.minimums.add(scales.min, x_sums + i / kSumGroup, n / kSumGroup);
    };
    int i = 0;
    for (; i + kChunk <= n_in; i += kChunk, block += kChunkBytes<F>) {
      prefetch_ahead(block, kChunkBytes<F>);
      add(i, kChunk);
    }
    if constexpr (F::kBlock < kChunk)
      if (i < n_in) add(i, n_in - i);
    y[o] = sum.total();
  }
}

// The codes of n weights in memory, for what needs them more than once or in another order.
template <class F>
__attribute__((noinline)) void expand(const std::byte* b, int n, Scales& scales, int8_t* codes) {
  for_units<F>(b, n, scales, [&](int u, B32 unit, const float*) { store_bytes(codes + u * kUnit, unit); });
}

// Several columns: codes become floats once. The same numbers in the same order as with one column.
template <class F, int N>
inline void add_columns(const float* w, const Scales& scales, int n, const float* x, size_t x_stride, RowSum<F>* sums) {
  for (int u = 0; u < n / kUnit; ++u)
#pragma GCC unroll 4
    for (int c = 0; c < N; ++c)
      V::add_product<F::kGroup>(u % 2 == 0 ? sums[c].even : sums[c].odd, w + u * kUnit,
                                scales.scale + u * kUnit / F::kGroup,
                                x + static_cast<size_t>(c) * x_stride + u * kUnit);
}

template <class F>
void multiply_columns(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const float* x, size_t x_stride,
                      int n_cols, float* y, size_t y_stride) {
  alignas(64) int8_t codes[kChunk];
  alignas(64) float floats[kChunk];
  for (int o = 0; o < n_rows; ++o) {
    const std::byte* block = w + static_cast<size_t>(o) * row_bytes;
    RowSum<F> sums[kMaxColumns];
    Scales scales;
    for (int i = 0; i < n_in; i += kChunk, block += kChunkBytes<F>) {
      const int n = n_in - i < kChunk ? n_in - i : kChunk;
      prefetch_ahead(block, kChunkBytes<F>);
      expand<F>(block, n, scales, codes);
      for (int u = 0; u < n; u += kUnit) V::floats(load_bytes<B32>(codes + u), floats + u);
      int c = 0;
      for (; c + 4 <= n_cols; c += 4)
        add_columns<F, 4>(floats, scales, n, x + static_cast<size_t>(c) * x_stride + i, x_stride, sums + c);
      for (; c < n_cols; ++c)
        add_columns<F, 1>(floats, scales, n, x + static_cast<size_t>(c) * x_stride + i, x_stride, sums + c);
      if (F::kHasMin)
        for (c = 0; c < n_cols; ++c)
          sums[c].minimums.add(scales.min, x + static_cast<size_t>(c) * x_stride + n_in + i / kSumGroup, n / kSumGroup);
    }
    for (int c = 0; c < n_cols; ++c) y[static_cast<size_t>(c) * y_stride + static_cast<size_t>(o)] = sums[c].total();
  }
}

template <class F>
void matvec_codes(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const Columns& x, int n_cols, float* y,
                  size_t y_stride) {
  for (int c = 0; c < n_cols; c += kMaxColumns) {
    const int n = n_cols - c < kMaxColumns ? n_cols - c : kMaxColumns;
    const float* xs = x.prepared + static_cast<size_t>(c) * x.prepared_stride;
    float* ys = y + static_cast<size_t>(c) * y_stride;
    if (n == 1)
      multiply_one<F>(w, row_bytes, n_in, n_rows, xs, ys);
    else
      multiply_columns<F>(w, row_bytes, n_in, n_rows, xs, x.prepared_stride, n, ys, y_stride);
  }
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

void prepare(const float* x, int n, float* out) {
  constexpr int kQuad = 4;
  int i = 0;
  for (; i + kUnit <= n; i += kUnit)
    for (int q = 0; q < kUnit / kQuad; ++q)
      __builtin_memcpy(out + i + kQuad * q, x + i + kQuad * V::kQuads[q], kQuad * sizeof(float));
  for (; i < n; ++i) out[i] = x[i];
  for (int g = 0; g * kSumGroup < n; ++g) {
    float total = 0;
    for (int k = g * kSumGroup; k < n && k < (g + 1) * kSumGroup; ++k) total += x[k];
    out[n + g] = total;
  }
}

template <class F>
void decode_codes(const std::byte* blocks, float* y, int n) {
  alignas(64) int8_t codes[kChunk];
  Scales scales;
  for (int i = 0; i < n; i += kChunk, blocks += kChunkBytes<F>) {
    const int count = n - i < kChunk ? n - i : kChunk;
    expand<F>(blocks, count, scales, codes);
    for (int g = 0; g < count / F::kGroup; ++g) {
      const V::Reg s = V::broadcast(scales.scale[g]);
      const V::Reg m = V::broadcast(F::kHasMin ? -scales.min[g * F::kGroup / kSumGroup] : 0.0f);
      for (int k = g * F::kGroup; k < (g + 1) * F::kGroup; k += V::kLanes) {
        const V::Reg w = V::from_int8(codes + k);
        V::store(y + i + k, F::kHasMin ? V::fma(w, s, m) : V::mul(w, s));
      }
    }
  }
}

template <class L>
void decode_floats(const std::byte* blocks, float* y, int n) {
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store(y + i, L::load(blocks + i * L::kBytes));
  for (; i < n; ++i) y[i] = L::load_one(blocks + i * L::kBytes);
}

template <quant::BlockType kType>
void decode_other(const std::byte* blocks, float* y, int n) {
  quant::decode_row(kType, blocks, y, static_cast<size_t>(n));
}
