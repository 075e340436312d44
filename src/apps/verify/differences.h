// How far computed numbers are from stored ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace facet::verify {

// NaN counts as worst. Of the elements that both have.
inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  double worst = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double d = std::fabs(double{a[i]} - b[i]);
    if (!(d <= worst)) worst = d;
  }
  return worst;
}

inline double largest_magnitude(std::span<const float> a) {
  double top = 0;
  for (const float x : a) top = std::max(top, std::fabs(double{x}));
  return top;
}

}  // namespace facet::verify
