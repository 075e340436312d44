#include "ops/cpu/ceilings.h"

#include <gtest/gtest.h>

#include <cmath>

namespace facet::ops::cpu {
namespace {

// A share of what must not be used would say nothing: here of tiles that cost no time.
TEST(Ceilings, KindsThatActivationsForbidDoNotCount) {
  ThreadPool threads(1);
  kernels::Kernels k = kernels::choose();
  kernels::PanelKernels tiles = k.panels_of(kernels::PanelKind::F32);
  tiles.peak = [](int) { return 0.0f; };
  k.panels[static_cast<size_t>(kernels::PanelKind::BF16)] = &tiles;
  const double all = CeilingProbe(threads, k).sample().gflop_s,
               integers = CeilingProbe(threads, k, Activations::Int16).sample().gflop_s,
               numbers = CeilingProbe(threads, k, Activations::F32).sample().gflop_s;
  EXPECT_GT(all, 10 * integers);
  EXPECT_GT(all, 10 * numbers);

  // Bytes count where they are asked for, and only there.
  k.panels[static_cast<size_t>(kernels::PanelKind::Int8)] = &tiles;
  k.panels[static_cast<size_t>(kernels::PanelKind::BF16)] = nullptr;
  EXPECT_GT(CeilingProbe(threads, k, Activations::Int8).sample().gflop_s, 10 * integers);
  EXPECT_LT(CeilingProbe(threads, k).sample().gflop_s, 10 * integers);
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
