// The ops of the encoders of pictures and sound.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
namespace {

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

void rotate(float* a, float* b, const float* cos, const float* sin, int n) {
  for (int i = 0; i < n; ++i) {
    const float u = a[i], v = b[i];
    a[i] = u * cos[i] - v * sin[i];
    b[i] = v * cos[i] + u * sin[i];
  }
}

// The 9 * n_channels inputs of output (t, f), with zeros around.
void gather_taps(float* taps, ConstMat x, int n_channels, int t, int f) {
  const int n_freqs = x.n_cols / n_channels;
  const size_t bytes = sizeof(float) * static_cast<size_t>(n_channels);
  for (int i = 0; i < 9; ++i, taps += n_channels) {
    const int time = 2 * t - 1 + i / 3, freq = 2 * f - 1 + i % 3;
    if (time < 0 || time >= x.n_rows || freq < 0 || freq >= n_freqs)
      std::memset(taps, 0, bytes);
    else
      std::memcpy(taps, x.row(time) + freq * n_channels, bytes);
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
  for_rows(x.n_rows, x.n_cols, [&](int r) {
    const float* from = x.row(r);
    float* to = out.row(r);
    for (int c = 0; c < x.n_cols; ++c) to[c] = std::min(std::max(from[c], low), high);
  });
}

void Ops::add_row(Mat x, Vec row) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) { k_.add(x.row(r), row.data(), x.n_cols); });
}

void Ops::layer_norm(Mat out, ConstMat x, Vec w, Vec b, float eps) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) {
    const float* from = x.row(r);
    float* to = out.row(r);
    double sum = 0, squares = 0;
    for (int c = 0; c < x.n_cols; ++c) sum += from[c];
    const auto mean = static_cast<float>(sum / x.n_cols);
    for (int c = 0; c < x.n_cols; ++c) squares += static_cast<double>(from[c] - mean) * (from[c] - mean);
    const auto factor = static_cast<float>(1 / std::sqrt(squares / x.n_cols + eps));
    for (int c = 0; c < x.n_cols; ++c) to[c] = (from[c] - mean) * factor * w[static_cast<size_t>(c)];
    if (!b.empty()) k_.add(to, b.data(), x.n_cols);
  });
}

void Ops::relu(Mat x) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) {
    float* row = x.row(r);
    for (int c = 0; c < x.n_cols; ++c) row[c] = std::max(row[c], 0.0f);
  });
}

void Ops::silu(Mat x) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) {
    float* row = x.row(r);
    for (int c = 0; c < x.n_cols; ++c) row[c] *= sigmoid(row[c]);
  });
}

void Ops::glu(Mat out, ConstMat a, ConstMat b) noexcept {
  for_rows(out.n_rows, out.n_cols, [&](int r) {
    float* row = out.row(r);
    for (int c = 0; c < out.n_cols; ++c) row[c] = a.row(r)[c] * sigmoid(b.row(r)[c]);
  });
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
    float* to = out.row(t);
    std::memset(to, 0, sizeof(float) * static_cast<size_t>(out.n_cols));
    for (int j = std::max(0, w.n_rows - 1 - t); j < w.n_rows; ++j) {
      const float *from = x.row(t - w.n_rows + 1 + j), *factors = w.row(j);
      for (int c = 0; c < out.n_cols; ++c) to[c] += factors[c] * from[c];
    }
  });
}

// As products, so many outputs at a time that the gathered inputs stay in the caches.
void Ops::conv_2d(Mat out, ConstMat x, int n_channels, const Weight& w) noexcept {
  constexpr int kTogether = 512;
  const int n_freqs = out.n_cols / w.n_out, n = out.n_rows * n_freqs;
  float* taps = buffers_->gathered.reserve(static_cast<size_t>(kTogether) * static_cast<size_t>(w.n_in + w.n_out));
  for (int begin = 0; begin < n; begin += kTogether) {
    const int rows = std::min(kTogether, n - begin);
    const Mat in(taps, rows, w.n_in),
        result(taps + static_cast<size_t>(rows) * static_cast<size_t>(w.n_in), rows, w.n_out);
    for_rows(rows, w.n_in,
             [&](int r) { gather_taps(in.row(r), x, n_channels, (begin + r) / n_freqs, (begin + r) % n_freqs); });
    linear(result, in, w);
    for_rows(rows, w.n_out, [&](int r) {
      std::memcpy(out.row((begin + r) / n_freqs) + (begin + r) % n_freqs * w.n_out, result.row(r),
                  sizeof(float) * static_cast<size_t>(w.n_out));
    });
  }
}

void Ops::local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                          const LocalAttnSpec& spec) noexcept {
  const int n = q.n_cols / spec.n_heads, n_distances = distance_k.n_rows;
  buffers_->reserve_per_thread(static_cast<size_t>(n_distances));
  threads_.run(q.n_rows, [&](int t, int thread) {
    float* p = buffers_->of_thread(thread);
    const int n_seen = std::min(n_distances, t + 1);
    for (int begin = 0; begin < q.n_cols; begin += n) {
      const float* query = q.row(t) + begin;
      for (int d = 0; d < n_seen; ++d) {
        const float *key = k.row(t - d) + begin, *distance = distance_k.row(d) + begin;
        float score = 0;
        for (int i = 0; i < n; ++i) score += query[i] * (key[i] + distance[i]);
        p[d] = score;
      }
      k_.softcap(p, n_seen, spec.softcap);
      const float total = k_.exp_sum(p, n_seen, k_.max(p, n_seen));
      float* to = out.row(t) + begin;
      std::memset(to, 0, sizeof(float) * static_cast<size_t>(n));
      for (int d = 0; d < n_seen; ++d) {
        const float weight = p[d] / total, *value = v.row(t - d) + begin;
        for (int i = 0; i < n; ++i) to[i] += weight * value[i];
      }
    }
  });
}

}  // namespace facet::ops::cpu
