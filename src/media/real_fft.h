// The spectrum of 512 real samples, for several pieces of sound at once: each step is the same for all of them, which
// is what vector units want. Private to log_mel.cpp and its test.
#pragma once

#include <array>
#include <cstddef>

namespace facet::media {

constexpr size_t kFftSize = 512, kFftBins = kFftSize / 2 + 1;
constexpr size_t kFftLanes = 4;
template <class T>
using Lanes = std::array<T, kFftLanes>;  // one number of each piece

// Doubles, as quiet bins beside loud ones are summed and their logarithm taken: in floats the rounding of the loud ones
// would be heard there.
class RealFft {
 public:
  RealFft();

  // out: magnitudes [kFftBins]. x: the first n of the 512 samples, n even; the others are 0.
  void magnitudes(const Lanes<double>* x, size_t n, Lanes<float>* out) noexcept;

 private:
  struct Complex {
    double re = 0, im = 0;
  };
  struct ComplexLanes {
    Lanes<double> re, im;
  };
  static constexpr size_t kHalf = kFftSize / 2;

  void transform() noexcept;
  static void butterfly(ComplexLanes* x, size_t quarter, const Complex* w, size_t step, size_t j) noexcept;

  std::array<Complex, kFftSize> root_;  // exp(-2 pi i k / 512)
  std::array<size_t, kHalf> reversed_;  // base-4 digits of the index in reverse
  std::array<ComplexLanes, kHalf> z_;   // pairs of samples as complex numbers, then their spectrum
};

}  // namespace facet::media
