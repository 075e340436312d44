#include "base/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/cpu_topology.h"
#include "base/error.h"

namespace facet {
namespace {

TEST(ThreadPool, EveryTaskOfEveryRoundRunsOnce) {
  for (const int n_threads : {1, 2, 3, 7}) {
    ThreadPool pool(n_threads);
    EXPECT_EQ(pool.count(), n_threads);
    for (int round = 0; round < 3000; ++round) {
      const int n_tasks = round % 23;
      // Plain integers: the end of run() must make them visible, and no two threads may share a task.
      std::vector<int> runs(static_cast<size_t>(n_tasks), 0);
      pool.run(n_tasks, [&](int task, int thread) {
        ++runs[static_cast<size_t>(task)];
        if (thread < 0 || thread >= n_threads) runs[static_cast<size_t>(task)] += 100;
      });
      ASSERT_EQ(std::count(runs.begin(), runs.end(), 1), n_tasks)
          << "round " << round << ", " << n_threads << " threads";
    }
  }
}

TEST(ThreadPool, AThreadNumberIsHeldByOneTaskAtATime) {
  ThreadPool pool(4);
  std::vector<int> sum(4, 0);  // per thread, unguarded
  for (int round = 0; round < 500; ++round)
    pool.run(50, [&](int task, int thread) { sum[static_cast<size_t>(thread)] += task; });
  EXPECT_EQ(std::accumulate(sum.begin(), sum.end(), 0), 500 * (49 * 50 / 2));
}

TEST(ThreadPool, ARoundSeesWhatTheOneBeforeWrote) {
  ThreadPool pool(3);
  std::vector<int> a(64, 0), b(64, 0);
  for (int round = 0; round < 1000; ++round) {
    pool.run(64, [&](int i, int) { b[static_cast<size_t>(i)] = a[static_cast<size_t>(63 - i)] + 1; });
    pool.run(64, [&](int i, int) { a[static_cast<size_t>(i)] = b[static_cast<size_t>(63 - i)]; });
  }
  EXPECT_EQ(a, std::vector<int>(64, 1000));
}

TEST(ThreadPool, WakesThreadsThatWentToSleep) {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // longer than they spin
    std::atomic<int> n{0};
    pool.run(8, [&](int, int) { ++n; });
    EXPECT_EQ(n, 8);
  }
}

TEST(ThreadPool, TasksThatWaitForEachOtherHaveAThreadEach) {
  ThreadPool pool(3);
  std::atomic<int> n{0};
  pool.run(3, [&](int, int) {
    ++n;
    while (n < 3) std::this_thread::yield();
  });
  EXPECT_EQ(n, 3);
}

TEST(ThreadPool, EndsAtOnceWithoutWork) {
  for (int i = 0; i < 50; ++i) ThreadPool pool(3);
}

TEST(ThreadPool, DefaultIsTheCoresOfThisProcess) {
  EXPECT_GE(usable_cores(), 1);
  EXPECT_LE(usable_cores(), usable_processors());
  EXPECT_EQ(ThreadPool().count(), usable_cores());
}

// The processors that each thread of a pool may run on, by its number.
std::vector<std::vector<int>> places(ThreadPool& pool) {
  std::vector<std::vector<int>> out(static_cast<size_t>(pool.count()));
  std::atomic<int> n{0};
  pool.run(pool.count(), [&](int, int thread) {
    out[static_cast<size_t>(thread)] = allowed_processors();
    for (++n; n < pool.count();) std::this_thread::yield();  // so that each has one
  });
  return out;
}

TEST(ThreadPool, WorkersAreBoundToOneProcessorEachAndTheCallerToNone) {
  const std::vector<int> all = allowed_processors();
  ThreadPool bound(3, {all.front(), all.back()});
  EXPECT_EQ(places(bound), (std::vector<std::vector<int>>{all, {all.back()}, {all.front()}}));
  ThreadPool free(3);
  EXPECT_EQ(places(free), (std::vector<std::vector<int>>{all, all, all}));
}

TEST(ThreadPool, AProcessorThatIsNotThereIsAnError) {
  try {
    const ThreadPool pool(2, {CPU_SETSIZE - 1});
    FAIL() << "the machine has processor " << CPU_SETSIZE - 1;
  } catch (const ResourceError& e) {
    EXPECT_EQ(std::string_view(e.what()).find("cannot bind a thread to processor 1023: "), 0u) << e.what();
  }
}

// What a waiting thread takes of its processor, seconds.
TEST(ThreadPool, AnIdlePoolSleeps) {
  ThreadPool pool(3);
  pool.run(3, [](int, int) {});
  const std::clock_t before = std::clock();  // of all threads
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LT(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC, 0.03);
}

// Where threads' memory is limited and counted by the kernel alone.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FACET_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FACET_SANITIZED 1
#endif
#endif
#ifndef FACET_SANITIZED
// Some of the threads start, the rest find no room for their stacks.
void start_too_many_threads() {
  std::ifstream in("/proc/self/statm");
  rlim_t pages = 0;
  in >> pages;
  const rlimit limit{pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20), RLIM_INFINITY};
  setrlimit(RLIMIT_AS, &limit);
  try {
    const ThreadPool pool(64);
  } catch (const ResourceError& e) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    const std::string_view message = e.what();
    const bool some_started =
        message.starts_with("cannot start thread ") && !message.starts_with("cannot start thread 2 ");
    std::_Exit(some_started && sigismember(&mask, SIGINT) == 0 ? 0 : 2);
  }
  std::_Exit(1);
}

TEST(ThreadPool, ThreadsThatDoNotStartAreAnError) {
  EXPECT_EXIT(start_too_many_threads(), testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace facet
