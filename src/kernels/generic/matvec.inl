// Matrix times vectors, on the file's own blocks, and rows decoded to f32.
//
// Products of codes are products of integers: the activations are rounded to 16 bits by blocks of 32, which is as good
// as exact (2^-16 of a block's largest) and takes half the instructions of turning codes into floats.

// Asks for memory in the order of its addresses: `p` runs through the rows one behind the other, this far ahead.
inline void prefetch_ahead(const std::byte* p, int n_bytes) {
  constexpr int kFar = 16384, kLine = 64;
  for (int i = 0; i < n_bytes; i += kLine) __builtin_prefetch(reinterpret_cast<const char*>(p) + kFar + i, 0, 2);
}

// Where the parts of a rounded column of n elements lie. A sum is that of the rounded elements.
template <class Float>
struct Rounded {
  using Code = std::conditional_t<std::is_const_v<Float>, const int16_t, int16_t>;
  Code* codes;
  Float *scale32, *sum32, *scale16, *sum16;

  Rounded(Float* memory, int n)
      : codes(reinterpret_cast<Code*>(memory)),
        scale32(memory + n / kRoundedBlock * (kRoundedBlock / 2)),
        sum32(scale32 + n / kRoundedBlock),
        scale16(sum32 + n / kRoundedBlock),
        sum16(scale16 + n / kRoundedBlock * 2) {}
};

using Lanes8 = float __attribute__((vector_size(32)));
using Lanes16 = float __attribute__((vector_size(64)));

template <class F>
constexpr int kChunkBytes = kChunk / F::kBlock* F::kBytes;

// A column's part in a row that needs no codes: the scales of a chunk's groups, and what minimums or offsets take away.
template <class F>
class GroupSums {
 public:
  static constexpr int kGroups = kChunk / F::kGroup;

  // Written out: clang compiles what it makes up by itself outside the target region.
  GroupSums() : subtracted_(Lanes{}) {}

  // n weights from column i on; scale[g] = the weights' times x's.
  inline void add(const Scales& w, const Rounded<const float>& x, int i, int n, float* scale) {
    const int g = i / F::kGroup, count = n / F::kGroup;
    const Lanes scales = load(w.scale, count);
    const Lanes products = scales * load((F::kGroup == 16 ? x.scale16 : x.scale32) + g, count);
    __builtin_memcpy(scale, &products, sizeof products);
    asm("" : "+m"(*reinterpret_cast<Lanes*>(scale)));  // a broadcast from memory costs less than one from a register
    if constexpr (F::kHasMin || F::kOffset != 0) {
      const Lanes sums = load((F::kGroup == 16 ? x.sum16 : x.sum32) + g, count);
      subtracted_ += sums * (F::kHasMin ? load(w.min, count) : scales);
    }
  }
  inline float total() const {
    float sum = 0;
    for (int i = 0; i < kGroups; ++i) sum += subtracted_[i];
    return F::kHasMin ? sum : static_cast<float>(F::kOffset) * sum;
  }

 private:
  using Lanes = std::conditional_t<kGroups == 16, Lanes16, Lanes8>;

  static inline Lanes load(const float* p, int count) {
    Lanes x = {};
    if (count == kGroups)
      __builtin_memcpy(&x, p, sizeof x);
    else
      for (int i = 0; i < count; ++i) x[i] = p[i];
    return x;
  }

  Lanes subtracted_;
};

// One row, N columns: the same numbers in the same order for any N. Two sums a column, so that two chains of additions
// overlap.
template <class F, int N>
inline void multiply_row(const std::byte* w, int n_in, const Rounded<const float>* x, float* y, size_t y_stride) {
  typename V::Reg even[N], odd[N];
  for (int c = 0; c < N; ++c) even[c] = odd[c] = V::zero();
  GroupSums<F> groups[N];
  alignas(64) float scale[N][GroupSums<F>::kGroups];
  Scales scales;
  const auto* block = reinterpret_cast<const uint8_t*>(w);
  const auto add = [&](int i, int n) {
    F::scales(block, n / F::kBlock, scales);
    for (int c = 0; c < N; ++c) groups[c].add(scales, x[c], i, n, scale[c]);
    const auto unit = [&](int u) {
      const typename V::Pairs codes = V::template pairs<F::kIsSigned>(F::codes(block, u));
      for (int c = 0; c < N; ++c)
        V::template add_product<F::kGroup>(u % 2 == 0 ? even[c] : odd[c], codes, scale[c] + u * kUnit / F::kGroup,
                                           x[c].codes + i + u * kUnit);
    };
    if (n == kChunk) {
#pragma GCC unroll 8
      for (int u = 0; u < kChunk / kUnit; ++u) unit(u);
    } else {
      for (int u = 0; u < n / kUnit; ++u) unit(u);
    }
  };
  int i = 0;
  for (; i + kChunk <= n_in; i += kChunk, block += kChunkBytes<F>) {
    prefetch_ahead(reinterpret_cast<const std::byte*>(block), kChunkBytes<F>);
    add(i, kChunk);
  }
  if constexpr (F::kBlock < kChunk)
    if (i < n_in) add(i, n_in - i);
  for (int c = 0; c < N; ++c)
    y[static_cast<size_t>(c) * y_stride] = V::sum(V::add(even[c], odd[c])) - groups[c].total();
}

template <class F, int N>
void multiply_codes(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const float* rounded, size_t stride,
                    float* y, size_t y_stride) {
  // Not an array of N objects: those have no default.
  const auto column = [&](int c) {
    return Rounded<const float>(rounded + static_cast<size_t>(c < N ? c : 0) * stride, n_in);
  };
  const Rounded<const float> x[4] = {column(0), column(1), column(2), column(3)};
  for (int o = 0; o < n_rows; ++o) multiply_row<F, N>(w + static_cast<size_t>(o) * row_bytes, n_in, x, y + o, y_stride);
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
  for (int b = 0; b < n / kRoundedBlock; ++b, x += kRoundedBlock) {
    V::Reg largest = V::zero(), odd = V::zero();
    for (int i = 0; i < kRoundedBlock; i += V::kLanes) {
      const V::Reg v = V::load(x + i);
      largest = V::max(largest, V::max(v, V::sub(V::zero(), v)));
      odd = V::fma(v, V::zero(), odd);  // NaN if an element is NaN or infinite
    }
    alignas(64) float lanes[V::kLanes], rounded[kRoundedBlock];
    V::store(lanes, largest);
    float top = lanes[0];
    for (const float v : lanes) top = v > top ? v : top;
    const bool is_finite = V::sum(odd) == 0;
    const float factor = is_finite && top >= kRoundedFloor ? 32767.0f / top : 0.0f;
    for (int i = 0; i < kRoundedBlock; i += V::kLanes)
      V::store(rounded + i, V::round(V::mul(V::load(x + i), V::broadcast(factor))));
    if (!is_finite) {
      for (float& v : rounded) v = 0;
    }
    int16_t q[kRoundedBlock];
    int sum[2] = {0, 0};
    for (int i = 0; i < kRoundedBlock; ++i) q[i] = static_cast<int16_t>(static_cast<int>(rounded[i]));
    for (int h = 0; h < 2; ++h)
      for (int i = 0; i < 16; ++i) sum[h] += q[16 * h + i];
    V::order(q, r.codes + b * kRoundedBlock);
    const float scale = !is_finite ? __builtin_nanf("") : factor == 0 ? 0.0f : top / 32767.0f;
    r.scale32[b] = r.scale16[2 * b] = r.scale16[2 * b + 1] = scale;
    r.sum32[b] = scale * static_cast<float>(sum[0] + sum[1]);
    for (int h = 0; h < 2; ++h) r.sum16[2 * b + h] = scale * static_cast<float>(sum[h]);
  }
}

// The codes of n weights in memory, less their offset.
template <class F>
__attribute__((noinline)) void expand(const std::byte* b, int n, Scales& scales, int8_t* codes) {
  const auto* block = reinterpret_cast<const uint8_t*>(b);
  F::scales(block, n / F::kBlock, scales);
  for (int u = 0; u < n / kUnit; ++u)
    store_bytes(codes + u * kUnit, F::codes(block, u) - static_cast<uint8_t>(F::kOffset));
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
      const V::Reg m = V::broadcast(F::kHasMin ? -scales.min[g] : 0.0f);
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
