// Matrix times vectors for weights that are no codes: x stays as it is.

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
