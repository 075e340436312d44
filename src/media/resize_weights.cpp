#include "media/resize_weights.h"

#include <algorithm>
#include <cmath>

namespace facet::media {
namespace {

constexpr double kSupport = 2;  // of the filter, in samples of the coarser side
constexpr float kUnit = 1 << ResizeWeights::kBits;

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// The inputs that output i sees, from the returned one on, and their weights, which sum to 1. What lies outside the
// picture has no part.
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

int rounded(double weight) {
  return static_cast<int>(weight * (1 << ResizeWeights::kBits) + (weight < 0 ? -0.5 : 0.5));
}

// The definition; slow, as few vector units multiply such numbers.
float exact_sum(const float* x, size_t stride, std::span<const float> weights) noexcept {
  int sum = 1 << (ResizeWeights::kBits - 1);
  for (size_t j = 0; j < weights.size(); ++j)
    sum += static_cast<int>(weights[j] * kUnit) * static_cast<int>(x[j * stride]);
  return static_cast<float>(std::clamp(sum >> ResizeWeights::kBits, 0, 255));
}

// Sums in units of 2^-kFineBits, moved up so that all are positive and cutting off the fraction rounds.
constexpr int kFineBits = 14, kFineMask = (1 << kFineBits) - 1, kOffset = 512;
int fine(float sum) noexcept { return static_cast<int>((sum + (kOffset + 0.5f)) * (1 << kFineBits)); }
float whole(int fine) noexcept { return static_cast<float>(std::clamp((fine >> kFineBits) - kOffset, 0, 255)); }
// Negative where the sum is less than the margin from the border between two results.
int side(int fine, int margin) noexcept { return ((fine + margin) & kFineMask) - 2 * margin; }

}  // namespace

ResizeWeights resize_weights(int n_in, int n_out) {
  const double scale = static_cast<double>(n_in) / n_out;
  ResizeWeights r;
  std::vector<double> weights;
  for (int i = 0; i < n_out; ++i) {
    const int first = window(n_in, scale, i, weights);
    size_t begin = 0, end = weights.size();
    while (end > 1 && rounded(weights[end - 1]) == 0) --end;
    while (begin + 1 < end && rounded(weights[begin]) == 0) ++begin;
    r.windows.push_back({first + static_cast<int>(begin), r.weights.size(), end - begin});
    for (size_t j = begin; j < end; ++j) r.weights.push_back(static_cast<float>(rounded(weights[j])) / kUnit);
    r.n_widest = std::max(r.n_widest, static_cast<int>(end - begin));
  }
  return r;
}

// A sum of n floats is off by at most n half units in the last place of what they can add up to; where it is as near as
// that to the border between two results, the integers decide.
void weighted_sum(const float* __restrict x, size_t stride, std::span<const float> weights,
                  float* __restrict out) noexcept {
  float sum[kLanes];
  for (size_t l = 0; l < kLanes; ++l) sum[l] = weights[0] * x[l];
  for (size_t j = 1; j < weights.size(); ++j)
    for (size_t l = 0; l < kLanes; ++l) sum[l] += weights[j] * x[j * stride + l];
  constexpr float kLargest = 1.5f * 255;  // the weights' absolute values sum to less than 1.5
  constexpr float kHalfUnit = 0x1p-24f;
  // Of each addition, all products together, and the conversion.
  const float error = kHalfUnit * (kLargest * static_cast<float>(weights.size() + 1) + 2 * kOffset);
  const int margin = static_cast<int>(error * (1 << kFineBits)) + 2;
  int sides = 0;
  for (size_t l = 0; l < kLanes; ++l) {
    const int f = fine(sum[l]);
    sides |= side(f, margin);
    out[l] = whole(f);
  }
  if (sides >= 0) return;
  for (size_t l = 0; l < kLanes; ++l)
    if (side(fine(sum[l]), margin) < 0) out[l] = exact_sum(x + l, stride, weights);
}

}  // namespace facet::media
