// How much of each input sample goes into each output sample, along one side of a picture. Private to resize.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace facet::media {

// The weights that count are whole numbers, units of 2^-22, and so are the sums. Floats hold such a weight exactly, as
// it has 23 bits or so, but not the sums; see weighted_sum.
struct ResizeWeights {
  static constexpr int kBits = 22;

  struct Window {
    int first = 0;  // the input that meets the first weight
    size_t begin = 0, n = 0;
  };
  std::vector<Window> windows;  // one of each output
  std::vector<float> weights;   // all of them
  int n_widest = 0;

  std::span<const float> of(const Window& w) const noexcept { return {weights.data() + w.begin, w.n}; }
};

ResizeWeights resize_weights(int n_in, int n_out);

// Sums are made for this many pictures' samples at once, and so in the lanes of vector units.
constexpr size_t kLanes = 24;

// out[l] = sum over j of weights[j] * x[j * stride + l], rounded to whole numbers of 0..255: what Pillow's integers
// give. x holds whole numbers of 0..255.
void weighted_sum(const float* x, size_t stride, std::span<const float> weights, float* out) noexcept;

}  // namespace facet::media
