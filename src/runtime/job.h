// What a scheduler is asked for: a prompt, what to make of it, and who is told what becomes of it.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/generate.h"

namespace facet::runtime {

// Too many jobs are waiting, or one has waited for as long as it may.
class BusyError : public ShortageError {
 public:
  BusyError(std::string_view message, double retry_after) : ShortageError(message), retry_after_(retry_after) {}
  double retry_after() const noexcept { return retry_after_; }  // seconds after which to try again, an estimate

 private:
  double retry_after_;
};

// Where some wait, one of a higher class is taken four times as often.
enum class Priority : uint8_t { Low, Normal, High };

// One vector of a prompt, of its states after the final norm: their mean, or the last one.
enum class Pooling : uint8_t { Mean, Last };

struct JobStart {
  double queue_seconds = 0;
  SyncResult prompt;  // n_computed: still to be computed
};

// Is told about one job, on the scheduler's thread, which waits meanwhile: a receiver returns soon, and does not stop
// the scheduler. What it throws fails the job.
class JobListener {
 public:
  virtual ~JobListener() = default;
  virtual void on_started(const JobStart& /*start*/) {}
  // False ends the answer, as a stop string would.
  virtual bool on_event(int /*choice*/, const GenerateEvent& /*event*/) { return true; }
  // Once for each answer, cancelled ones too: after the last nothing more comes.
  virtual void on_finished(int /*choice*/, GenerateResult /*result*/) {}
  // Of a job with `embed`: [n_embd], not normalised. Nothing more comes.
  virtual void on_embedded(std::vector<float> /*embedding*/, const SyncResult& /*prompt*/) {}
  // BusyError, CancelledError of a job that embeds, or what went wrong. Nothing more comes.
  virtual void on_failed(std::exception_ptr error) = 0;
};

struct Job {
  std::vector<TokenId> tokens;
  std::vector<MediaSpan> media;
  std::vector<int> boundaries;   // SyncOptions::boundaries
  GenerateOptions options;       // but for `cancel`, which is the scheduler's
  int n_choices = 1;             // answers; the i-th is that of a seed larger by i
  std::optional<Pooling> embed;  // a vector in place of answers
  Priority priority = Priority::Normal;
  std::string client;        // whose turn it is: clients that wait are served in turn
  double queue_seconds = 0;  // the longest wait; 0: any
  std::shared_ptr<JobListener> listener;
};

}  // namespace facet::runtime
