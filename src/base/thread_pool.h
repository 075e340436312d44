// Threads that share one piece of work after another. Between pieces that follow closely they spin, so that a barrier
// costs less than a microsecond; when nothing comes they sleep. A thread that the system holds up delays nobody unless
// it is in the middle of a task: the others do its share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace facet {

class ThreadPool {
 public:
  // n_threads counts the caller of run(); 0: usable_cores(). The i-th of the others is bound to the i-th of
  // `processors`, beginning again where they end; none: the system places all. The first is left to the caller, whose
  // thread is not ours to bind: it stays free, and the system keeps it where the bound ones are not. Throws
  // ResourceError when threads cannot be started or bound.
  explicit ThreadPool(int n_threads = 0, const std::vector<int>& processors = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int count() const noexcept { return static_cast<int>(workers_.size()) + 1; }

  // Calls task(i, thread) for every i < n_tasks and returns when all are done; thread < count(). Each thread has a run
  // of neighbouring tasks, which it takes in order, one at a time, so that what lies side by side in memory is met by
  // one of them; who is done with its own helps the others, so a thread that is held up takes fewer. One caller at a
  // time.
  template <class Task>
  void run(int n_tasks, Task&& task) noexcept {
    using T = std::remove_reference_t<Task>;
    if (n_tasks <= 0) return;
    if (workers_.empty() || n_tasks == 1) {
      for (int i = 0; i < n_tasks; ++i) task(i, 0);
      return;
    }
    start(
        n_tasks, [](void* context, int i, int thread) { (*static_cast<T*>(context))(i, thread); },
        const_cast<std::remove_const_t<T>*>(&task));
  }

 private:
  using Call = void (*)(void*, int, int);

  void bind(const std::vector<int>& processors);
  void start(int n_tasks, Call call, void* context) noexcept;
  void work(int thread) noexcept;
  void stop() noexcept;
  void take_tasks(int thread) noexcept;

  std::vector<std::thread> workers_;
  bool spins_;
  // The work of an open round. Written only while no thread is inside.
  Call call_ = nullptr;
  void* context_ = nullptr;
  // A thread's run of tasks: [next, end) are left.
  struct alignas(64) Share {
    std::atomic<int> next{0};
    int end = 0;
  };
  std::unique_ptr<Share[]> shares_;             // count() of them
  alignas(64) std::atomic<uint32_t> round_{0};  // odd: open, tasks may be taken
  alignas(64) std::atomic<int> inside_{0};      // workers that may still touch the round's work
  std::atomic<bool> stop_{false};
};

}  // namespace facet
