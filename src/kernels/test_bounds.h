// How far results may be from exact ones, as kernels.h states it; for the tests of kernels and of what is built on
// them.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "kernels/kernels.h"

namespace facet::kernels {

// A sum of n products, or one whose magnitudes add up to size.
inline double product_bound(int n, double size) { return (n + 8) * 0x1p-24 * size + n * 0x1p-149; }

// What rounding x by blocks costs a product with the weights w at most.
template <class Number>
double block_rounding_bound(Rounding rounding, const Number* x, std::span<const float> w) {
  double error = 0;
  for (size_t b = 0; b < w.size(); b += kRoundedBlock) {
    double largest = 0, weights = 0;
    for (size_t i = b; i < b + kRoundedBlock; ++i) {
      largest = std::max(largest, std::abs(double{x[i]}));
      weights += std::abs(double{w[i]});
    }
    error += largest * weights * double{rounding_error(rounding)};
  }
  return error;
}

// That of matrix times vector, and that of panels.
template <class Number>
double rounding_bound(quant::BlockType type, Rounding rounding, const Number* x, std::span<const float> w) {
  return rounds_columns(type) ? block_rounding_bound(rounding, x, w) : 0;
}
template <class Number>
double panel_rounding_bound(PanelKind kind, const Number* x, std::span<const float> w) {
  if (kind == PanelKind::Int16) return block_rounding_bound(Rounding::Int16, x, w);
  if (kind == PanelKind::Int8) return block_rounding_bound(Rounding::Int8, x, w);
  double size = 0;
  for (size_t i = 0; i < w.size(); ++i) size += std::abs(static_cast<double>(x[i]) * w[i]);
  const double both = 2 * double{kBf16Error} + double{kBf16Error} * kBf16Error;
  return kind == PanelKind::BF16 ? size * both : 0;
}

}  // namespace facet::kernels
