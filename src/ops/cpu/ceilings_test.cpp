#include "ops/cpu/ceilings.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace facet::ops::cpu {
namespace {

// If the compiler dropped steps, the ceiling would be a fantasy.
TEST(Ceilings, TwiceTheStepsTakeTwiceTheTime) {
  const auto best_seconds = [](const kernels::PanelKernels& panels, int n_steps) {
    double best = 1;
    for (int i = 0; i < 20; ++i) {
      const auto start = std::chrono::steady_clock::now();
      volatile float last = panels.peak(n_steps);
      static_cast<void>(last);
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
  };
  for (const kernels::Kernels* k : kernels::available())
    for (const kernels::PanelKernels* panels : k->panels) {
      if (panels == nullptr) continue;
      const int n_steps = 40'000'000 / panels->peak_operations;
      const double once = best_seconds(*panels, n_steps), twice = best_seconds(*panels, 2 * n_steps);
      EXPECT_GT(twice, 1.4 * once) << k->name;
      EXPECT_LT(40e6 / once, 1e14) << k->name;  // a hundred times what a core does
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
