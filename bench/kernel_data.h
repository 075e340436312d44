// What the kernels' benchmarks multiply.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace facet::kernels {

// Memory as panels, tiles and sums want it.
struct alignas(64) Aligned {
  std::byte bytes[64];
};

// The same in every run.
inline std::vector<float> random_floats(size_t n) {
  std::mt19937 rng(6);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& v : x) v = normal(rng);
  return x;
}

}  // namespace facet::kernels
