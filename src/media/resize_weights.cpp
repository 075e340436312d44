#include "media/resize_weights.h"

#include <algorithm>
#include <cmath>

namespace facet::media {
namespace {

constexpr double kSupport = 2;  // of the filter, in samples of the coarser side

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// The inputs that output i sees: `first` and their weights, which sum to 1. What lies outside the picture has no part.
int window(int n_in, double scale, int i, std::vector<double>& weights) {
  const double stretch = std::max(scale, 1.0), support = kSupport * stretch, inverse = 1 / stretch;
  const double centre = (i + 0.5) * scale;
  const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
  const int last = std::min(static_cast<int>(centre + support + 0.5), n_in);
  weights.clear();
  double sum = 0;
  for (int j = first; j < last; ++j) {
    weights.push_back(cubic((j - centre + 0.5) * inverse));
    sum += weights.back();
  }
  if (sum != 0)
    for (double& w : weights) w /= sum;
  return first;
}

}  // namespace

ResizeWeights resize_weights(int n_in, int n_out) {
  const double scale = static_cast<double>(n_in) / n_out;
  const int widest = static_cast<int>(std::ceil(2 * kSupport * std::max(scale, 1.0))) + 1;
  ResizeWeights r{n_in, n_out, (widest + r.kTapStep - 1) / r.kTapStep * r.kTapStep, {}, {}, {}};
  r.first.resize(static_cast<size_t>(n_out));
  r.high.resize(static_cast<size_t>(n_out) * static_cast<size_t>(r.n_taps));
  r.low.resize(r.high.size());
  std::vector<double> weights;
  for (int i = 0; i < n_out; ++i) {
    r.first[static_cast<size_t>(i)] = window(n_in, scale, i, weights);
    size_t at = static_cast<size_t>(i) * static_cast<size_t>(r.n_taps);
    for (const double w : weights) {
      const int k = static_cast<int>(w * (1 << r.kBits) + (w < 0 ? -0.5 : 0.5));
      const int high = (k + (1 << (r.kLowBits - 1))) >> r.kLowBits;
      r.high[at] = static_cast<int16_t>(high);
      r.low[at++] = static_cast<int16_t>(k - high * (1 << r.kLowBits));
    }
  }
  return r;
}

}  // namespace facet::media
