// Jobs under way and the steps that compute them: by turns a decode step for every answer, as many answers together as
// a step takes, and a piece of the prompts. What a job gets does not depend on what is computed beside it. No threads
// here: the scheduler's calls it. Internal to runtime/.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/prefill_pacer.h"
#include "runtime/running_job.h"
#include "runtime/scheduler_metrics.h"

namespace facet::runtime {

class JobBatch {
 public:
  JobBatch(std::shared_ptr<const Engine> engine, double target_gap);

  bool empty() const noexcept { return jobs_.empty(); }
  size_t size() const noexcept { return jobs_.size(); }
  int64_t kv_bytes() const noexcept;  // that its jobs take at most

  // Begins a job. What fails is told to its receiver, here and in a step.
  void add(std::shared_ptr<Ticket> ticket);
  // A decode step of each answer, and a piece of the prompts.
  void step();
  // Ends all jobs with this error.
  void fail(const std::exception_ptr& error) noexcept;

  // Jobs that are done since this was last asked.
  std::vector<std::shared_ptr<Ticket>> take_done() { return std::exchange(done_, {}); }
  void report(SchedulerMetrics& metrics) const noexcept;

 private:
  int most_prompt_rows(size_t n_answering) const noexcept;
  std::vector<Choice*> answering() const;
  void decode(std::span<Choice* const> choices);
  void run_bundles(std::span<Session::Bundle> bundles, std::span<Choice* const> choices);
  void prefill(int most);
  RunningJob* next_prompt();
  std::vector<RunningJob*> join(RunningJob& first, int most);
  bool run_pieces(std::span<RunningJob* const> jobs, int most);
  bool compute(std::span<RunningJob* const> jobs, std::span<const Session::Piece> pieces);
  void guard(RunningJob& job, const std::function<void()>& work) noexcept;
  void remove_done();

  std::shared_ptr<const Engine> engine_;
  PrefillPacer pacer_;
  std::vector<std::unique_ptr<RunningJob>> jobs_;  // in the order of admission
  std::vector<std::shared_ptr<Ticket>> done_;
  std::atomic<bool> stop_step_ = false;
  int n_turns_ = 0;  // pieces of prompts
  TimeHistogram gaps_;
  SchedulerMetrics counts_;
};

}  // namespace facet::runtime
