// A receiver of a job's events that keeps what it is told, for tests to wait for.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "runtime/job.h"

namespace facet::runtime {

class TestListener : public JobListener {
 public:
  explicit TestListener(int n_choices = 1) : n_left_(n_choices) {}

  // Called on the scheduler's thread; set before the job is submitted.
  std::function<void()> at_start;
  std::function<bool(int choice, int n_events)> at_event;  // n_events: of the choice, with this one

  void on_started(const JobStart& s) override {
    start = s;
    if (at_start) at_start();
  }
  bool on_event(int choice, const GenerateEvent& e) override {
    texts[choice] += e.text;
    return !at_event || at_event(choice, ++n_events_[choice]);
  }
  void on_finished(int choice, GenerateResult result) override {
    results[choice] = std::move(result);
    if (--n_left_ == 0) finish();
  }
  void on_embedded(std::vector<float> e, const SyncResult& /*prompt*/) override {
    embedding = std::move(e);
    finish();
  }
  void on_failed(std::exception_ptr e) override {
    error = e;
    finish();
  }

  // False: not done within a minute.
  bool wait() {
    std::unique_lock lock(mutex_);
    return done_.wait_for(lock, std::chrono::minutes(1), [this] { return is_done_; });
  }
  bool is_done() {
    const std::lock_guard lock(mutex_);
    return is_done_;
  }
  template <class Error>
  bool failed_with() const {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const Error&) {
      return true;
    } catch (...) {
    }
    return false;
  }

  // Read after wait().
  JobStart start;
  std::map<int, std::string> texts;
  std::map<int, GenerateResult> results;
  std::vector<float> embedding;
  std::exception_ptr error;

 private:
  void finish() {
    const std::lock_guard lock(mutex_);
    is_done_ = true;
    done_.notify_all();
  }

  int n_left_;
  std::map<int, int> n_events_;
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
};

// A latch that opens once.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

}  // namespace facet::runtime
