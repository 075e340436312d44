// Figures of a scheduler, for whoever watches it.
#pragma once

#include <array>
#include <cstdint>

namespace facet::runtime {

// Times by their logarithm: quantiles to within a fifth.
class TimeHistogram {
 public:
  void add(double seconds) noexcept;
  double quantile(double share) const noexcept;  // seconds, not below the true one; 0 without any

 private:
  static constexpr double kFirst = 1e-4, kGrowth = 1.2;  // of 96 classes, the last one from an hour on
  std::array<int64_t, 96> counts_{};
  int64_t n_ = 0;
};

// Counts are since the scheduler was made.
struct SchedulerMetrics {
  int n_queued = 0, n_running = 0;                // jobs
  int n_answering = 0;                            // answers under way, of the jobs whose prompts are computed
  int64_t kv_reserved_bytes = 0;                  // what running jobs count with: keys, values, what answers need
  int64_t n_decode_steps = 0, n_decode_rows = 0;  // rows: tokens, and guesses beside them
  int64_t n_prefill_steps = 0, n_prefill_rows = 0;
  int64_t n_reused_tokens = 0;                            // of prompts, that were not computed
  int64_t n_tokens = 0;                                   // of answers
  int64_t n_finished = 0, n_failed = 0, n_cancelled = 0;  // jobs
  int64_t n_refused = 0;                                  // for lack of room in the queue, or waited for too long
  int64_t n_suspended = 0;                                // times that a job had to let go of its keys and values
  double gap_p50 = 0, gap_p99 = 0;                        // seconds between two steps of an answer

  // Sums; of the gaps, the larger ones.
  SchedulerMetrics& operator+=(const SchedulerMetrics& other) noexcept;
};

}  // namespace facet::runtime
