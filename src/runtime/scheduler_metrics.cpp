#include "runtime/scheduler_metrics.h"

#include <algorithm>
#include <cmath>

namespace facet::runtime {

void TimeHistogram::add(double seconds) noexcept {
  const double place = seconds > kFirst ? std::ceil(std::log(seconds / kFirst) / std::log(kGrowth)) : 0;
  ++counts_[static_cast<size_t>(std::min(place, static_cast<double>(counts_.size() - 1)))];
  ++n_;
}

double TimeHistogram::quantile(double share) const noexcept {
  if (n_ == 0) return 0;
  const double wanted = std::max(1.0, std::ceil(share * static_cast<double>(n_)));
  int64_t n = 0;
  size_t place = 0;
  for (; place + 1 < counts_.size(); ++place)
    if (static_cast<double>(n += counts_[place]) >= wanted) break;
  return kFirst * std::pow(kGrowth, static_cast<double>(place));
}

SchedulerMetrics& SchedulerMetrics::operator+=(const SchedulerMetrics& other) noexcept {
  n_queued += other.n_queued;
  n_running += other.n_running;
  n_answering += other.n_answering;
  kv_reserved_bytes += other.kv_reserved_bytes;
  n_decode_steps += other.n_decode_steps;
  n_decode_rows += other.n_decode_rows;
  n_prefill_steps += other.n_prefill_steps;
  n_prefill_rows += other.n_prefill_rows;
  n_reused_tokens += other.n_reused_tokens;
  n_tokens += other.n_tokens;
  n_finished += other.n_finished;
  n_failed += other.n_failed;
  n_cancelled += other.n_cancelled;
  n_refused += other.n_refused;
  n_suspended += other.n_suspended;
  gap_p50 = std::max(gap_p50, other.gap_p50);
  gap_p99 = std::max(gap_p99, other.gap_p99);
  return *this;
}

}  // namespace facet::runtime
