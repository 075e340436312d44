#include "runtime/prefill_pacer.h"

#include <gtest/gtest.h>

#include "runtime/scheduler_metrics.h"

namespace facet::runtime {
namespace {

constexpr int kMost = 512;

// A machine on which a step costs 5 ms, and a row so many milliseconds.
void learn(PrefillPacer& pacer, double row_ms, double decode_ms) {
  for (int i = 0; i < 40; ++i) {
    pacer.record_decode(decode_ms / 1e3);
    const int n = pacer.rows();
    pacer.record_prefill(n, (5 + n * row_ms) / 1e3);
  }
}

TEST(PrefillPacer, StepsFillTheGap) {
  PrefillPacer pacer(kMost, 0.12);
  EXPECT_EQ(pacer.rows(), PrefillPacer::kFewest);  // nothing is known
  learn(pacer, 0.5, 20);
  const int n = pacer.rows();
  EXPECT_LE(n * 0.5 + 5 + 20, 130);
  EXPECT_GE(n * 0.5 + 5 + 20, 95);
  learn(pacer, 0.05, 20);  // at a smaller depth
  EXPECT_EQ(pacer.rows(), kMost);
}

TEST(PrefillPacer, WhereManyWaitTheGapIsLonger) {
  PrefillPacer pacer(kMost, 0.12);
  learn(pacer, 1, 20);
  const int n = pacer.rows(1, 3);
  EXPECT_LE(n + 5 + 20, 375);
  EXPECT_GE(n + 5 + 20, 300);
}

TEST(PrefillPacer, PromptsAreNotStarved) {
  PrefillPacer pacer(kMost, 0.12);
  learn(pacer, 1, 500);  // the gap cannot be kept
  const int n = pacer.rows();
  EXPECT_GE(n + 5, 350);
  EXPECT_LE(n + 5, 510);
  EXPECT_EQ(pacer.rows(2), kMost);
  learn(pacer, 50, 1);
  EXPECT_EQ(pacer.rows(), PrefillPacer::kFewest);
}

TEST(PrefillPacer, OneStepThatWasHeldUpCountsForLittle) {
  PrefillPacer pacer(kMost, 0.12);
  learn(pacer, 0.5, 20);
  const int before = pacer.rows();
  pacer.record_prefill(before, 30);
  EXPECT_GE(pacer.rows(), before / 2);
}

TEST(TimeHistogram, QuantilesAreNear) {
  TimeHistogram times;
  EXPECT_EQ(times.quantile(0.5), 0);
  for (int ms = 1; ms <= 1000; ++ms) times.add(ms / 1e3);
  for (const double share : {0.01, 0.5, 0.99}) {
    EXPECT_GE(times.quantile(share), share * 0.999);
    EXPECT_LE(times.quantile(share), share * 1.21);
  }
  times.add(1e9);
  EXPECT_GT(times.quantile(1), 1000);
}

}  // namespace
}  // namespace facet::runtime
