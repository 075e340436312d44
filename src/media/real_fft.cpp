#include "media/real_fft.h"

#include <cassert>
#include <cmath>
#include <numbers>

namespace facet::media {

RealFft::RealFft() {
  for (size_t k = 0; k < kFftSize; ++k) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(k) / kFftSize;
    root_[k] = {std::cos(angle), std::sin(angle)};
  }
  for (size_t i = 0; i < kHalf; ++i) {
    size_t rest = i, reversed = 0;
    for (size_t n = 1; n < kHalf; n *= 4, rest /= 4) reversed = reversed * 4 + rest % 4;
    reversed_[i] = reversed;
  }
}

// Four spectra of a quarter's length become one: x[j + r * quarter] = sum over s of w^(s j) (-i)^(s r) x[j + s *
// quarter].
void RealFft::butterfly(ComplexLanes* x, size_t quarter, const Complex* w, size_t step, size_t j) noexcept {
  ComplexLanes &x0 = x[j], &x1 = x[j + quarter], &x2 = x[j + 2 * quarter], &x3 = x[j + 3 * quarter];
  const Complex w1 = w[step * j], w2 = w[2 * step * j], w3 = w[3 * step * j];
  for (size_t l = 0; l < kFftLanes; ++l) {
    const double b_re = x1.re[l] * w1.re - x1.im[l] * w1.im, b_im = x1.re[l] * w1.im + x1.im[l] * w1.re;
    const double c_re = x2.re[l] * w2.re - x2.im[l] * w2.im, c_im = x2.re[l] * w2.im + x2.im[l] * w2.re;
    const double d_re = x3.re[l] * w3.re - x3.im[l] * w3.im, d_im = x3.re[l] * w3.im + x3.im[l] * w3.re;
    const double even_re = x0.re[l] + c_re, even_im = x0.im[l] + c_im;
    const double even2_re = x0.re[l] - c_re, even2_im = x0.im[l] - c_im;
    const double odd_re = b_re + d_re, odd_im = b_im + d_im;
    const double odd2_re = b_im - d_im, odd2_im = d_re - b_re;  // -i (b - d)
    x0.re[l] = even_re + odd_re;
    x0.im[l] = even_im + odd_im;
    x1.re[l] = even2_re + odd2_re;
    x1.im[l] = even2_im + odd2_im;
    x2.re[l] = even_re - odd_re;
    x2.im[l] = even_im - odd_im;
    x3.re[l] = even2_re - odd2_re;
    x3.im[l] = even2_im - odd2_im;
  }
}

void RealFft::transform() noexcept {
  for (size_t quarter = 1; quarter < kHalf; quarter *= 4)
    for (size_t start = 0; start < kHalf; start += 4 * quarter)
      for (size_t j = 0; j < quarter; ++j) butterfly(&z_[start], quarter, root_.data(), kFftSize / (4 * quarter), j);
}

void RealFft::magnitudes(const Lanes<double>* x, size_t n, Lanes<float>* out) noexcept {
  assert(n % 2 == 0 && n <= kFftSize);
  for (size_t i = 0; i < n / 2; ++i) z_[reversed_[i]] = {x[2 * i], x[2 * i + 1]};
  for (size_t i = n / 2; i < kHalf; ++i) z_[reversed_[i]] = {};
  transform();
  // The spectra of the even and the odd samples are the parts of z with and without the symmetry of real sequences.
  for (size_t k = 0; k <= kHalf; ++k) {
    const ComplexLanes &a = z_[k % kHalf], &b = z_[(kHalf - k) % kHalf];
    const Complex w = root_[k];
    for (size_t l = 0; l < kFftLanes; ++l) {
      const double even_re = a.re[l] + b.re[l], even_im = a.im[l] - b.im[l];
      const double odd_re = a.im[l] + b.im[l], odd_im = b.re[l] - a.re[l];
      const double re = even_re + odd_re * w.re - odd_im * w.im, im = even_im + odd_re * w.im + odd_im * w.re;
      out[k][l] = 0.5f * std::sqrt(static_cast<float>(re * re + im * im));
    }
  }
}

}  // namespace facet::media
