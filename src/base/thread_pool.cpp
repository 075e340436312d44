#include "base/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <chrono>
#include <cstring>

#include "base/cpu_topology.h"
#include "base/error.h"

namespace facet {
namespace {

// Longer than any gap between the pieces of one step, short enough to be polite afterwards. By the clock: a pause takes
// from 5 to 140 cycles, depending on the processor.
constexpr std::chrono::microseconds kSpinTime{100};

inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <class Done>
void spin(Done&& done) noexcept {
  constexpr int kPauses = 32;  // between looks at the clock, which cost as much as a few of them
  const auto end = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int i = 0; i < kPauses; ++i) {
      if (done()) return;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
}

}  // namespace

ThreadPool::ThreadPool(int n_threads, const std::vector<int>& processors) {
  const int n = n_threads > 0 ? n_threads : usable_cores();
  // With more threads than processors a spinning thread keeps a working one from running.
  spins_ = n <= usable_processors();
  shares_ = std::make_unique<Share[]>(static_cast<size_t>(n));
  // Workers take no signals: one sent to the process reaches a thread that waits for it.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (int i = 1; i < n; ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (const std::exception& e) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    const size_t n_started = workers_.size() + 1;
    stop();
    throw_error<ShortageError>("cannot start thread {} of {}: {}: ask for fewer threads", n_started + 1, n, e.what());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!processors.empty()) bind(processors);
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::bind(const std::vector<int>& processors) {
  for (size_t i = 0; i < workers_.size(); ++i) {
    const int processor = processors[(i + 1) % processors.size()];
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    if (const int error = pthread_setaffinity_np(workers_[i].native_handle(), sizeof one, &one); error != 0) {
      stop();
      throw_error<ResourceError>("cannot bind a thread to processor {}: {}: do without binding (--pin)", processor,
                                 std::strerror(error));
    }
  }
}

void ThreadPool::stop() noexcept {
  stop_ = true;
  round_.fetch_add(2);
  round_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::take_tasks(int thread) noexcept {
  for (int k = 0; k < count(); ++k) {
    Share& share = shares_[static_cast<size_t>((thread + k) % count())];
    for (int i; (i = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) call_(context_, i, thread);
  }
}

// The default order of these atomics (sequential) is what makes entering and closing exclude each other: a worker
// announces itself and then looks whether the round is still open; this thread closes it and then looks who is inside.
void ThreadPool::start(int n_tasks, Call call, void* context) noexcept {
  call_ = call;
  context_ = context;
  const auto border = [=, this](int t) { return static_cast<int>(int64_t{n_tasks} * t / count()); };
  for (int t = 0; t < count(); ++t) {
    shares_[static_cast<size_t>(t)].next.store(border(t), std::memory_order_relaxed);
    shares_[static_cast<size_t>(t)].end = border(t + 1);
  }
  ++round_;
  round_.notify_all();
  take_tasks(0);
  ++round_;
  if (spins_) spin([this] { return inside_ == 0; });
  for (int left; (left = inside_) != 0;) inside_.wait(left);
}

void ThreadPool::work(int thread) noexcept {
  uint32_t done = 0;
  const auto is_news = [&](uint32_t round) { return (round % 2 == 1 && round != done) || stop_; };
  for (;;) {
    if (spins_) spin([&] { return is_news(round_); });
    for (uint32_t round; !is_news(round = round_);) round_.wait(round);
    if (stop_) return;
    const uint32_t round = round_;
    ++inside_;
    if (round % 2 == 1 && round_ == round) take_tasks(thread);
    done = round;
    --inside_;
    inside_.notify_one();
  }
}

}  // namespace facet
