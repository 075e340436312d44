#include "server/task_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <vector>

namespace facet::server {
namespace {

TEST(TaskQueue, RunsAllInOrderBeforeItEnds) {
  std::vector<int> done;
  {
    TaskQueue queue(4);
    for (int i = 0; i < 100; ++i)
      queue.push([&done, i] {
        done.push_back(i);
        if (i == 50) throw std::runtime_error("of this task alone");
      });
  }
  ASSERT_EQ(done.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<size_t>(i)], i);
}

TEST(TaskQueue, HoldsUpWhoeverPushesTooMany) {
  std::promise<void> go;
  std::atomic<int> n_pushed = 0;
  TaskQueue queue(3);
  std::thread pusher([&] {
    queue.push([&] { go.get_future().wait(); });
    for (int i = 0; i < 5; ++i, ++n_pushed) queue.push([] {});
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LE(n_pushed, 2) << "with the one that runs";
  go.set_value();
  pusher.join();
  queue.wait();
  EXPECT_EQ(n_pushed, 5);
}

}  // namespace
}  // namespace facet::server
