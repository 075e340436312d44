#include "ops/cpu/ceilings.h"

#include <gtest/gtest.h>

#include <cmath>

namespace facet::ops::cpu {
namespace {

// If the compiler dropped steps, the ceiling would be a fantasy; halving and adding a quarter is exact here.
TEST(Ceilings, MultiplyAddsAreDone) {
  for (const kernels::Kernels* k : kernels::available()) {
    double expected = 0;
    for (int chain = 0; chain < kernels::kPeakChains; ++chain) expected += k->n_lanes * (0.5 + (chain - 0.5) / 8);
    EXPECT_EQ(k->multiply_adds(3, 0.5f, 0.25f), static_cast<float>(expected)) << k->name;
    EXPECT_EQ(k->multiply_adds(0, 0.5f, 0.25f), static_cast<float>(k->n_lanes * 66)) << k->name;
  }
}

TEST(Ceilings, BestIsTheBestOfAllSamples) {
  ThreadPool threads(2);
  CeilingProbe probe(threads, kernels::choose());
  EXPECT_EQ(probe.best().read_gb_s, 0);
  const Ceilings first = probe.sample(), second = probe.sample();
  EXPECT_GT(std::min(first.read_gb_s, second.read_gb_s), 0);
  EXPECT_EQ(probe.best().read_gb_s, std::max(first.read_gb_s, second.read_gb_s));
  EXPECT_EQ(probe.best().gflop_s, std::max(first.gflop_s, second.gflop_s));
  EXPECT_TRUE(std::isfinite(probe.best().gflop_s));
}

}  // namespace
}  // namespace facet::ops::cpu
