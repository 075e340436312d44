#include "runtime/step_costs.h"

#include <algorithm>
#include <cassert>

namespace facet::runtime {
namespace {

// A measurement's share of the estimate. Machines are shared: a step that was held up must not decide alone.
constexpr float kShare = 0.25f;
// And how a single step's time may grow at a time, of itself, so that one that was held up counts for little.
constexpr float kGrowth = 0.1f;
// With every single-row step, what is believed of larger ones becomes this much cheaper than it was measured, so that
// a size that once lost by bad luck is tried again, some hundred steps later.
constexpr float kForgiveness = 0.001f;

}  // namespace

StepCosts::StepCosts(float cost_of_a_row) noexcept {
  for (size_t n = 0; n < relative_.size(); ++n)
    relative_[n] = 1 + cost_of_a_row * static_cast<float>(n > 0 ? n - 1 : 0);
}

void StepCosts::record(int n_rows, double seconds) noexcept {
  assert(n_rows > 0 && n_rows <= kDecodeRows);
  const auto now = static_cast<float>(seconds);
  const float single = single_seconds_.load(std::memory_order_relaxed);
  if (n_rows == 1) {
    const float next = single == 0 ? now : single + kShare * (std::min(now, single * (1 + kGrowth / kShare)) - single);
    single_seconds_.store(next, std::memory_order_relaxed);
    for (std::atomic<float>& r : relative_)
      r.store(std::max(1.0f, r.load(std::memory_order_relaxed) * (1 - kForgiveness)), std::memory_order_relaxed);
  } else if (single > 0) {
    std::atomic<float>& r = relative_[static_cast<size_t>(n_rows)];
    const float before = r.load(std::memory_order_relaxed);
    r.store(std::max(1.0f, before + kShare * (std::min(now / single, 2 * before) - before)), std::memory_order_relaxed);
  }
}

float StepCosts::relative(int n_rows) const noexcept {
  assert(n_rows > 0 && n_rows <= kDecodeRows);
  return relative_[static_cast<size_t>(n_rows)].load(std::memory_order_relaxed);
}

}  // namespace facet::runtime
