#include "runtime/fair_queue.h"

#include <gtest/gtest.h>

#include <vector>

namespace facet::runtime {
namespace {

std::string drained(FairQueue<char>& queue) {
  std::string order;
  while (!queue.empty()) {
    const char front = queue.front();
    order += queue.pop();
    EXPECT_EQ(order.back(), front);
  }
  return order;
}

TEST(FairQueue, FlowsAreServedInTurn) {
  FairQueue<char> queue;
  for (const char c : {'a', 'b', 'c', 'd'}) queue.push("one", 1, c);
  for (const char c : {'x', 'y'}) queue.push("two", 1, c);
  queue.push("three", 1, 'p');
  EXPECT_EQ(queue.size(), 7u);
  EXPECT_EQ(drained(queue), "axpbycd");
}

TEST(FairQueue, WhoComesLateDoesNotWaitForAllOthers) {
  FairQueue<char> queue;
  for (const char c : {'a', 'b', 'c', 'd', 'e'}) queue.push("one", 1, c);
  EXPECT_EQ(queue.pop(), 'a');
  EXPECT_EQ(queue.pop(), 'b');
  queue.push("two", 1, 'x');
  queue.push("two", 1, 'y');
  EXPECT_EQ(drained(queue), "cxdye");
}

// Having waited for nothing earns nothing: a flow that was away starts with the others.
TEST(FairQueue, AFlowDoesNotSaveUpTurns) {
  FairQueue<char> queue;
  queue.push("two", 1, 'z');
  EXPECT_EQ(queue.pop(), 'z');
  for (int i = 0; i < 8; ++i) queue.push("one", 1, 'a');
  for (int i = 0; i < 4; ++i) queue.pop();
  for (int i = 0; i < 4; ++i) queue.push("two", 1, 'x');
  EXPECT_EQ(drained(queue), "axaxaxax");
}

TEST(FairQueue, WeightsAreShares) {
  FairQueue<char> queue;
  for (int i = 0; i < 40; ++i) {
    queue.push("one", 1, 'l');
    queue.push("one", 4, 'h');
  }
  std::string first;
  for (int i = 0; i < 20; ++i) first += queue.pop();
  EXPECT_EQ(std::count(first.begin(), first.end(), 'h'), 16);
  EXPECT_EQ(std::count(first.begin(), first.end(), 'l'), 4);
}

TEST(FairQueue, UnwantedItemsAreTakenOut) {
  FairQueue<char> queue;
  for (const char c : {'a', 'b', 'c'}) queue.push("one", 1, c);
  queue.push("two", 1, 'b');
  std::string taken;
  queue.remove_if([](char c) { return c == 'b'; }, [&](char c) { taken += c; });
  EXPECT_EQ(taken, "bb");
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(drained(queue), "ac");
}

}  // namespace
}  // namespace facet::runtime
