// The ops of the encoders of pictures and sound.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
namespace {

void rotate(float* a, float* b, const float* cos, const float* sin, int n) {
  for (int i = 0; i < n; ++i) {
    const float u = a[i], v = b[i];
    a[i] = u * cos[i] - v * sin[i];
    b[i] = v * cos[i] + u * sin[i];
  }
}

}  // namespace

void Ops::rope_2d(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept {
  const int n = head_dim / 4;
  for_rows(x.n_rows, x.n_cols, [&](int r) {
    for (float* head = x.row(r); head < x.row(r) + x.n_cols; head += head_dim) {
      rotate(head, head + n, cos.row(r), sin.row(r), n);
      rotate(head + 2 * n, head + 3 * n, cos.row(r) + n, sin.row(r) + n, n);
    }
  });
}

void Ops::clamp(Mat out, ConstMat x, float low, float high) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) { k_.clamp(out.row(r), x.row(r), x.n_cols, low, high); });
}

void Ops::add_row(Mat x, Vec row) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) { k_.add(x.row(r), row.data(), x.n_cols); });
}

void Ops::layer_norm(Mat out, ConstMat x, Vec w, Vec b, float eps) noexcept {
  const float* bias = b.empty() ? nullptr : b.data();
  for_rows(x.n_rows, x.n_cols, [&](int r) { k_.layer_norm(out.row(r), x.row(r), w.data(), bias, x.n_cols, eps); });
}

void Ops::relu(Mat x) noexcept { clamp(x, x, 0, std::numeric_limits<float>::infinity()); }

void Ops::silu(Mat x) noexcept { glu(x, x, x); }

void Ops::glu(Mat out, ConstMat a, ConstMat b) noexcept {
  for_rows(out.n_rows, out.n_cols, [&](int r) { k_.glu(out.row(r), a.row(r), b.row(r), out.n_cols); });
}

void Ops::pool(Mat out, ConstMat x, int n_cols, int size, float factor) noexcept {
  const int out_cols = n_cols / size;
  const float share = factor / static_cast<float>(size * size);
  for_rows(out.n_rows, out.n_cols * size * size, [&](int r) {
    const int first = r / out_cols * size * n_cols + r % out_cols * size;
    std::memcpy(out.row(r), x.row(first), sizeof(float) * static_cast<size_t>(out.n_cols));
    for (int i = 1; i < size * size; ++i) k_.add(out.row(r), x.row(first + i / size * n_cols + i % size), out.n_cols);
    k_.scale(out.row(r), out.n_cols, share);
  });
}

void Ops::depthwise_conv(Mat out, ConstMat x, ConstMat w) noexcept {
  for_rows(x.n_rows, x.n_cols * w.n_rows, [&](int t) {
    std::memset(out.row(t), 0, sizeof(float) * static_cast<size_t>(out.n_cols));
    for (int j = std::max(0, w.n_rows - 1 - t); j < w.n_rows; ++j)
      k_.add_product(out.row(t), w.row(j), x.row(t - w.n_rows + 1 + j), out.n_cols);
  });
}

}  // namespace facet::ops::cpu
