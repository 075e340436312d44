// How much of each input sample goes into each output sample, along one side of a picture. Private to resize.cpp.
#pragma once

#include <cstdint>
#include <vector>

namespace facet::media {

// Weights in units of 2^-22, each split in two 16-bit numbers, weight = high * 2^11 + low: products of 16-bit numbers
// are what every CPU's vector unit sums fastest, and all sums stay exact.
struct ResizeWeights {
  static constexpr int kBits = 22, kLowBits = 11;
  static constexpr int kTapStep = 8;  // n_taps is a multiple of it

  int n_in = 0, n_out = 0, n_taps = 0;
  std::vector<int> first;          // [n_out]: the input that meets the first weight
  std::vector<int16_t> high, low;  // [n_out, n_taps]; those past an output's last input are 0

  // Samples that a line of inputs must hold: those past n_in are read, but meet weights of 0.
  int padded_in() const noexcept { return n_in + n_taps; }
};

ResizeWeights resize_weights(int n_in, int n_out);

}  // namespace facet::media
