// Tasks on a thread of their own, one after another, for those who must not wait for a disk.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace facet::server {

class TaskQueue {
 public:
  explicit TaskQueue(size_t max_waiting = 256) : max_waiting_(max_waiting) {}
  ~TaskQueue();  // runs what waits
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  // Returns at once, unless so many wait that they would take too much memory: then when one of them is done, so that
  // no task may call it. What a task throws is lost.
  void push(std::function<void()> task);

  // Returns when nothing waits or runs any more.
  void wait();

 private:
  void run();

  const size_t max_waiting_;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;  // the first one runs
  bool ends_ = false;
  std::thread thread_;  // started with the first task
};

}  // namespace facet::server
