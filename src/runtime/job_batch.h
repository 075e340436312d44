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
  // headroom: tokens that an answer may come to have before more memory is counted for it.
  JobBatch(std::shared_ptr<const Engine> engine, std::shared_ptr<PrefixCache> cache, double target_gap, int headroom);

  bool empty() const noexcept { return jobs_.empty(); }
  size_t n_running() const noexcept;
  int64_t bytes() const;                         // that its jobs count with
  int64_t bytes_to_start(const Job& job) const;  // that one more would count with
  int64_t bytes_to_resume(const RunningJob&) const;

  // Jobs that wait for memory that they had, those of the highest standing first, and then the oldest; and those that
  // run, of the lowest class first, and then the youngest.
  std::vector<RunningJob*> suspended() const;
  std::vector<RunningJob*> running() const;
  void give_way(RunningJob& job);
  void resume(RunningJob& job);
  // Suspends jobs until they count with less, or one is left: answers have grown.
  void shrink_to(int64_t bytes);

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
  std::shared_ptr<PrefixCache> cache_;
  PrefillPacer pacer_;
  const int headroom_;
  const std::shared_ptr<SamplerTables> tables_ = std::make_shared<SamplerTables>();
  std::vector<std::unique_ptr<RunningJob>> jobs_;  // in the order of admission
  std::vector<std::shared_ptr<Ticket>> done_;
  std::atomic<bool> stop_step_ = false;
  int n_turns_ = 0;  // pieces of prompts
  TimeHistogram gaps_;
  SchedulerMetrics counts_;
};

}  // namespace facet::runtime
