// The ops of the encoders of pictures and sound.
#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/ref/ref_ops.h"

namespace facet::ops::ref {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// x[time, freq, channel], with zeros around.
double padded(ConstMat x, int n_channels, int time, int freq, int channel) {
  if (time < 0 || time >= x.n_rows || freq < 0 || freq >= x.n_cols / n_channels) return 0;
  return x.row(time)[freq * n_channels + channel];
}

}  // namespace

void Ops::clamp(Mat out, ConstMat x, float low, float high) noexcept {
  for (int r = 0; r < x.n_rows; ++r)
    for (int c = 0; c < x.n_cols; ++c) out.row(r)[c] = std::clamp(x.row(r)[c], low, high);
}

void Ops::add_row(Mat x, Vec row) noexcept {
  for (int r = 0; r < x.n_rows; ++r)
    for (int c = 0; c < x.n_cols; ++c) x.row(r)[c] += row[static_cast<size_t>(c)];
}

void Ops::layer_norm(Mat out, ConstMat x, Vec w, Vec b, float eps) noexcept {
  for (int r = 0; r < x.n_rows; ++r) {
    double mean = 0, variance = 0;
    for (int c = 0; c < x.n_cols; ++c) mean += x.row(r)[c];
    mean /= x.n_cols;
    for (int c = 0; c < x.n_cols; ++c) variance += (x.row(r)[c] - mean) * (x.row(r)[c] - mean);
    const double factor = 1 / std::sqrt(variance / x.n_cols + eps);
    for (int c = 0; c < x.n_cols; ++c)
      out.row(r)[c] = static_cast<float>((x.row(r)[c] - mean) * factor * w[static_cast<size_t>(c)] +
                                         (b.empty() ? 0.0 : b[static_cast<size_t>(c)]));
  }
}

void Ops::relu(Mat x) noexcept {
  for (int r = 0; r < x.n_rows; ++r)
    for (int c = 0; c < x.n_cols; ++c) x.row(r)[c] = std::max(x.row(r)[c], 0.0f);
}

void Ops::silu(Mat x) noexcept {
  for (int r = 0; r < x.n_rows; ++r)
    for (int c = 0; c < x.n_cols; ++c) x.row(r)[c] = static_cast<float>(x.row(r)[c] * sigmoid(x.row(r)[c]));
}

void Ops::glu(Mat out, ConstMat a, ConstMat b) noexcept {
  for (int r = 0; r < out.n_rows; ++r)
    for (int c = 0; c < out.n_cols; ++c) out.row(r)[c] = static_cast<float>(a.row(r)[c] * sigmoid(b.row(r)[c]));
}

void Ops::pool(Mat out, ConstMat x, int n_cols, int size, float factor) noexcept {
  const int out_cols = n_cols / size;
  assert(n_cols % size == 0 && out.n_rows * size * size == x.n_rows);
  for (int r = 0; r < out.n_rows; ++r)
    for (int c = 0; c < out.n_cols; ++c) {
      double sum = 0;
      for (int i = 0; i < size * size; ++i)
        sum += x.row((r / out_cols * size + i / size) * n_cols + r % out_cols * size + i % size)[c];
      out.row(r)[c] = static_cast<float>(sum / (size * size) * factor);
    }
}

void Ops::depthwise_conv(Mat out, ConstMat x, ConstMat w) noexcept {
  for (int t = 0; t < x.n_rows; ++t)
    for (int c = 0; c < x.n_cols; ++c) {
      double sum = 0;
      for (int j = std::max(0, w.n_rows - 1 - t); j < w.n_rows; ++j)
        sum += static_cast<double>(w.row(j)[c]) * x.row(t - w.n_rows + 1 + j)[c];
      out.row(t)[c] = static_cast<float>(sum);
    }
}

void Ops::conv_2d(Mat out, ConstMat x, int n_channels, const Weight& w) noexcept {
  assert(w.n_in == 9 * n_channels && out.n_rows == (x.n_rows + 1) / 2);
  std::vector<float> taps(static_cast<size_t>(w.n_in));
  for (int t = 0; t < out.n_rows; ++t)
    for (int f = 0; f < out.n_cols / w.n_out; ++f) {
      for (int i = 0; i < 9; ++i)
        for (int c = 0; c < n_channels; ++c)
          taps[static_cast<size_t>(i * n_channels + c)] =
              static_cast<float>(padded(x, n_channels, 2 * t - 1 + i / 3, 2 * f - 1 + i % 3, c));
      linear(Mat(out.row(t) + f * w.n_out, 1, w.n_out), ConstMat(taps.data(), 1, w.n_in), w);
    }
}

void Ops::local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                          const LocalAttnSpec& spec) noexcept {
  const int n = q.n_cols / spec.n_heads;
  std::vector<double> p;
  for (int t = 0; t < q.n_rows; ++t)
    for (int begin = 0; begin < q.n_cols; begin += n) {
      p.clear();
      for (int d = 0; d < distance_k.n_rows && d <= t; ++d) {
        double score = 0;
        for (int i = begin; i < begin + n; ++i)
          score += static_cast<double>(q.row(t)[i]) * (static_cast<double>(k.row(t - d)[i]) + distance_k.row(d)[i]);
        p.push_back(spec.softcap * std::tanh(score / spec.softcap));
      }
      const double top = *std::max_element(p.begin(), p.end());
      double total = 0;
      for (double& x : p) total += x = std::exp(x - top);
      for (int i = begin; i < begin + n; ++i) {
        double sum = 0;
        for (size_t d = 0; d < p.size(); ++d) sum += p[d] * v.row(t - static_cast<int>(d))[i];
        out.row(t)[i] = static_cast<float>(sum / total);
      }
    }
}

}  // namespace facet::ops::ref
