// Work that one thread makes ready while another uses what was ready before.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/error.h"

namespace facet {

// Runs produce(hand_over) on a thread of its own; hand_over waits until what was handed over before has been taken.
template <class T>
class Handoff {
 public:
  using HandOver = std::function<void(T&&)>;

  explicit Handoff(std::function<void(const HandOver&)> produce)
      : thread_([this, produce = std::move(produce)] { run(produce); }) {}
  ~Handoff() {
    {
      const std::lock_guard lock(mutex_);
      is_abandoned_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Handoff(const Handoff&) = delete;
  Handoff& operator=(const Handoff&) = delete;

  // The next one; nothing when there are no more. Throws what produce threw.
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return item_ || is_done_; });
    if (!item_ && error_) std::rethrow_exception(std::exchange(error_, nullptr));
    std::optional<T> item = std::exchange(item_, std::nullopt);
    changed_.notify_all();
    return item;
  }

 private:
  void run(const std::function<void(const HandOver&)>& produce) {
    std::exception_ptr error;
    try {
      produce([this](T&& item) { hand_over(std::move(item)); });
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    error_ = error;
    is_done_ = true;
    changed_.notify_all();
  }

  void hand_over(T&& item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !item_ || is_abandoned_; });
    if (is_abandoned_) throw CancelledError();  // nobody will take it
    item_ = std::move(item);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> item_;
  std::exception_ptr error_;
  bool is_done_ = false, is_abandoned_ = false;
  std::thread thread_;
};

}  // namespace facet
