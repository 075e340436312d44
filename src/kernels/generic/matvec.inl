// Matrix times one to eight vectors, on the file's own blocks.

// Asks for memory in the order of its addresses: `p` runs through the rows one behind the other, this far ahead.
inline void prefetch_ahead(const std::byte* p, int n_bytes) {
  constexpr int kFar = 16384, kLine = 64;
  for (int i = 0; i < n_bytes; i += kLine) __builtin_prefetch(reinterpret_cast<const char*>(p) + kFar + i, 0, 2);
}

// One block's codes times N columns.
template <class F, int N>
struct BlockDot {
  static constexpr int kGroups = F::kBlock / F::kGroup;

  typename V::Reg acc[2][N];  // even and odd groups, so that two chains of additions overlap
  float min_sum[N] = {};

  BlockDot() {
    for (auto& half : acc)
      for (auto& a : half) a = V::zero();
  }

  inline void add(const std::byte* block, const float* x, size_t x_stride, const float* x_sums, size_t x_sums_stride) {
    alignas(64) int8_t codes[F::kBlock];
    alignas(64) float scale[kGroups], min[kGroups];
    F::expand(reinterpret_cast<const uint8_t*>(block), codes, scale, min);
    for (int g = 0; g < kGroups; ++g) {
      const typename V::Reg s = V::broadcast(scale[g]);
      const int begin = g * F::kGroup;
      const typename V::Reg first = V::from_int8(codes + begin);
      typename V::Reg sum[N];
      for (int c = 0; c < N; ++c) sum[c] = V::mul(first, V::load(x + static_cast<size_t>(c) * x_stride + begin));
      for (int i = begin + V::kLanes; i < begin + F::kGroup; i += V::kLanes) {
        const typename V::Reg w = V::from_int8(codes + i);
        for (int c = 0; c < N; ++c) sum[c] = V::fma(w, V::load(x + static_cast<size_t>(c) * x_stride + i), sum[c]);
      }
      for (int c = 0; c < N; ++c) acc[g % 2][c] = V::fma(sum[c], s, acc[g % 2][c]);
    }
    if constexpr (F::kHasMin) add_minimum(min, x, x_stride, x_sums, x_sums_stride);
  }

  // The minimums meet sums of 32 activations; formats with groups of 16 sum them here.
  inline void add_minimum(const float* min, const float* x, size_t x_stride, const float* x_sums, size_t x_sums_stride) {
    for (int c = 0; c < N; ++c) {
      float total = 0;
      if constexpr (F::kGroup == kSumGroup) {
        for (int g = 0; g < kGroups; ++g) total += min[g] * x_sums[static_cast<size_t>(c) * x_sums_stride + static_cast<size_t>(g)];
      } else {
        for (int g = 0; g < kGroups; ++g) {
          float sum = 0;
          for (int i = 0; i < F::kGroup; ++i) sum += x[static_cast<size_t>(c) * x_stride + static_cast<size_t>(g * F::kGroup + i)];
          total += min[g] * sum;
        }
      }
      min_sum[c] += total;
    }
  }

  inline float total(int c) const { return V::sum(V::add(acc[0][c], acc[1][c])) - min_sum[c]; }
};

template <class F, int N>
void matvec_codes(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const float* x, size_t x_stride, const float* x_sums,
                  size_t x_sums_stride, float* y, size_t y_stride) {
  constexpr int kSums = F::kBlock / kSumGroup;
  for (int o = 0; o < n_rows; ++o) {
    const std::byte* block = w + static_cast<size_t>(o) * row_bytes;
    BlockDot<F, N> dot;
    for (int i = 0, g = 0; i < n_in; i += F::kBlock, g += kSums, block += F::kBytes) {
      prefetch_ahead(block, F::kBytes);
      dot.add(block, x + i, x_stride, x_sums + g, x_sums_stride);
    }
    for (int c = 0; c < N; ++c) y[static_cast<size_t>(c) * y_stride + static_cast<size_t>(o)] = dot.total(c);
  }
}

// Values at w as f32 vectors, for types of one element.
struct LoadF32 {
  static constexpr int kBytes = 4;
  static inline V::Reg load(const std::byte* p) { return V::load(reinterpret_cast<const float*>(p)); }
  static inline float load_one(const std::byte* p) {
    float f;
    __builtin_memcpy(&f, p, sizeof f);
    return f;
  }
};
struct LoadF16 {
  static constexpr int kBytes = 2;
  static inline V::Reg load(const std::byte* p) { return V::load_f16(p); }
  static inline float load_one(const std::byte* p) { return f16(reinterpret_cast<const uint8_t*>(p)); }
};
struct LoadBF16 {
  static constexpr int kBytes = 2;
  static inline V::Reg load(const std::byte* p) { return V::load_bf16(p); }
  static inline float load_one(const std::byte* p) { return bf16_to_f32(quant::load_u16(reinterpret_cast<const uint8_t*>(p))); }
};

template <class L, int N>
void matvec_floats(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const float* x, size_t x_stride, const float*, size_t, float* y,
                   size_t y_stride) {
  constexpr int kStep = 2 * V::kLanes;
  for (int o = 0; o < n_rows; ++o) {
    const std::byte* row = w + static_cast<size_t>(o) * row_bytes;
    typename V::Reg acc[2][N];
    for (auto& half : acc)
      for (auto& a : half) a = V::zero();
    int i = 0;
    for (; i + kStep <= n_in; i += kStep) {
      prefetch_ahead(row + i * L::kBytes, kStep * L::kBytes);
      for (int h = 0; h < 2; ++h) {
        const typename V::Reg wv = L::load(row + (i + h * V::kLanes) * L::kBytes);
        for (int c = 0; c < N; ++c) acc[h][c] = V::fma(wv, V::load(x + static_cast<size_t>(c) * x_stride + i + h * V::kLanes), acc[h][c]);
      }
    }
    for (int c = 0; c < N; ++c) {
      float total = V::sum(V::add(acc[0][c], acc[1][c]));
      for (int k = i; k < n_in; ++k) total += L::load_one(row + k * L::kBytes) * x[static_cast<size_t>(c) * x_stride + static_cast<size_t>(k)];
      y[static_cast<size_t>(c) * y_stride + static_cast<size_t>(o)] = total;
    }
  }
}

// Formats without kernels of their own: 256 weights at a time through a buffer.
template <quant::BlockType kType, int N>
void matvec_decoded(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const float* x, size_t x_stride, const float*, size_t, float* y,
                    size_t y_stride) {
  constexpr int kChunk = 256;
  alignas(64) float buffer[kChunk];
  const quant::BlockInfo& info = quant::block_info(kType);
  for (int o = 0; o < n_rows; ++o) {
    const std::byte* block = w + static_cast<size_t>(o) * row_bytes;
    float total[N] = {};
    for (int i = 0; i < n_in; i += kChunk) {
      const int n = n_in - i < kChunk ? n_in - i : kChunk;
      quant::decode_row(kType, block, buffer, static_cast<size_t>(n));
      block += static_cast<size_t>(n) / info.n_elements * info.n_bytes;
      for (int c = 0; c < N; ++c) total[c] += dot(buffer, x + static_cast<size_t>(c) * x_stride + i, n);
    }
    for (int c = 0; c < N; ++c) y[static_cast<size_t>(c) * y_stride + static_cast<size_t>(o)] = total[c];
  }
}

// Any number of columns as passes of 8, 4, 2 and 1; what a column gets does not depend on the pass.
template <template <class, int> class Pass, class F>
void by_columns(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const float* x, size_t x_stride, const float* x_sums,
                size_t x_sums_stride, int n_cols, float* y, size_t y_stride) {
  int c = 0;
  const auto pass = [&](auto width) {
    constexpr int kWidth = decltype(width)::value;
    for (; n_cols - c >= kWidth; c += kWidth) {
      const auto at = static_cast<size_t>(c);
      Pass<F, kWidth>::run(w, row_bytes, n_in, n_rows, x + at * x_stride, x_stride, x_sums + at * x_sums_stride, x_sums_stride, y + at * y_stride,
                           y_stride);
    }
  };
  pass(std::integral_constant<int, 8>());
  pass(std::integral_constant<int, 4>());
  pass(std::integral_constant<int, 2>());
  pass(std::integral_constant<int, 1>());
}

template <class F, int N>
struct CodePass {
  template <class... A>
  static void run(A... a) { matvec_codes<F, N>(a...); }
};
template <class L, int N>
struct FloatPass {
  template <class... A>
  static void run(A... a) { matvec_floats<L, N>(a...); }
};
template <class T, int N>
struct DecodedPass {
  template <class... A>
  static void run(A... a) { matvec_decoded<T::value, N>(a...); }
};
template <quant::BlockType kType>
using TypeConstant = std::integral_constant<quant::BlockType, kType>;

template <class F>
void decode_codes(const std::byte* blocks, float* y, int n) {
  constexpr int kGroups = F::kBlock / F::kGroup;
  for (int i = 0; i < n; i += F::kBlock, blocks += F::kBytes) {
    alignas(64) int8_t codes[F::kBlock];
    alignas(64) float scale[kGroups], min[kGroups];
    F::expand(reinterpret_cast<const uint8_t*>(blocks), codes, scale, min);
    for (int g = 0; g < kGroups; ++g) {
      const typename V::Reg s = V::broadcast(scale[g]), m = V::broadcast(F::kHasMin ? -min[g] : 0.0f);
      for (int k = g * F::kGroup; k < (g + 1) * F::kGroup; k += V::kLanes) {
        const typename V::Reg w = V::from_int8(codes + k);
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
