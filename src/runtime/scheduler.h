// Many jobs on one engine: they wait in turn for room in memory, and are then computed together, a step at a time, on
// the scheduler's own thread. What a job gets is what it would get alone.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/engine.h"
#include "runtime/job.h"
#include "runtime/scheduler_metrics.h"

namespace facet::runtime {

class PrefixCache;

struct SchedulerOptions {
  // What is known of earlier prompts and answers; of the scheduler's engine. Null: nothing is.
  std::shared_ptr<PrefixCache> cache;
  // Bytes that running jobs may take together, for keys and values and for the logits and draft tables of all answers
  // but one; 0: those of one job that fills the engine's context. The last job that runs may grow to that beside those
  // that wait.
  int64_t kv_budget = 0;
  // A job is let in when its prompt and so many tokens of answer fit the budget, and counts with so many more than it
  // has from then on. When all is taken, the youngest of the lowest class lets go of its keys and values, and goes on
  // when there is room. So does one of a lower class, once, for what would have to wait.
  int headroom = 512;
  int max_running = 32;      // jobs
  int max_queued = 256;      // jobs
  double target_gap = 0.12;  // seconds between two steps of an answer, while prompts of others are computed
};

using JobId = uint64_t;

// Thread-safe, but for its end.
class Scheduler {
 public:
  explicit Scheduler(std::shared_ptr<const Engine> engine, const SchedulerOptions& options = {});
  ~Scheduler();  // stop()

  // Throws BusyError when the queue is full or the scheduler is ending; RequestError when the job is not possible: an
  // option out of range, a prompt longer than the context length, more memory than the budget.
  JobId submit(Job job);

  // Ends a job within a step, or within a layer of its prompt; its receiver is told, on the scheduler's thread. A job
  // that is done or unknown is left alone.
  void cancel(JobId id);

  // Takes no more jobs, and waits until those taken are done, at most so long. False: some are not.
  bool drain(double seconds);
  // Cancels all jobs and waits until their receivers know. Not to be called by one.
  void stop();

  SchedulerMetrics metrics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facet::runtime
