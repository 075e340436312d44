#include "runtime/prefill_pacer.h"

#include <algorithm>
#include <bit>

namespace facet::runtime {
namespace {

// A measurement's share of an estimate, and how many times the estimate it may count as: a step that was held up must
// not decide alone.
constexpr double kNewest = 0.3, kMostTimes = 2;

void update_estimate(double& estimate, double measured) noexcept {
  estimate = estimate == 0 ? measured : estimate + kNewest * (std::min(measured, kMostTimes * estimate) - estimate);
}

}  // namespace

size_t PrefillPacer::size_class(int n_rows) noexcept {
  return std::bit_width(static_cast<unsigned>(std::max(1, n_rows))) - 1;
}

void PrefillPacer::record_prefill(int n_rows, double seconds) noexcept {
  const size_t c = std::min(size_class(n_rows), seconds_per_row_.size() - 1);
  update_estimate(seconds_per_row_[c], seconds / n_rows);
}

void PrefillPacer::record_decode(double seconds) noexcept { update_estimate(decode_seconds_, seconds); }

// What is not known is taken to cost as much as the nearest size that is.
double PrefillPacer::seconds_per_row(int n_rows) const noexcept {
  const auto wanted = static_cast<int>(size_class(n_rows)), n = static_cast<int>(seconds_per_row_.size());
  for (int distance = 0; distance < n; ++distance)
    for (const int c : {wanted + distance, wanted - distance})
      if (c >= 0 && c < n && seconds_per_row_[static_cast<size_t>(c)] > 0)
        return seconds_per_row_[static_cast<size_t>(c)];
  return 0;
}

int PrefillPacer::rows(double least, double patience) const noexcept {
  const double budget = std::max(patience * target_gap_ - decode_seconds_, least * decode_seconds_);
  const int fewest = std::min(kFewest, most_rows_);
  if (seconds_per_row(most_rows_) == 0) return fewest;
  int n = most_rows_;
  while (n > fewest && n * seconds_per_row(n) > budget) n = n * 7 / 8;
  return std::max(n, fewest);
}

}  // namespace facet::runtime
