#include "base/handoff.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>

namespace facet {
namespace {

TEST(Handoff, GivesEverythingInOrder) {
  Handoff<int> numbers([](const auto& hand_over) {
    for (int i = 0; i < 100; ++i) hand_over(int{i});
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(numbers.take(), i);
  EXPECT_EQ(numbers.take(), std::nullopt);
  EXPECT_EQ(numbers.take(), std::nullopt);
}

TEST(Handoff, KeepsOneReadyAndWaitsWithTheNext) {
  std::atomic<int> n_made{0};
  Handoff<std::unique_ptr<int>> made([&](const auto& hand_over) {
    for (int i = 0; i < 3; ++i) {
      auto item = std::make_unique<int>(i);
      ++n_made;
      hand_over(std::move(item));
    }
  });
  EXPECT_EQ(**made.take(), 0);
  while (n_made < 2) std::this_thread::yield();
  EXPECT_EQ(**made.take(), 1);
  EXPECT_EQ(**made.take(), 2);
  EXPECT_FALSE(made.take());
}

TEST(Handoff, AnErrorComesAfterWhatWasMadeBeforeIt) {
  Handoff<int> numbers([](const auto& hand_over) {
    hand_over(1);
    throw std::runtime_error("no more");
  });
  EXPECT_EQ(numbers.take(), 1);
  EXPECT_THROW(numbers.take(), std::runtime_error);
  EXPECT_EQ(numbers.take(), std::nullopt);
}

TEST(Handoff, WhoLeavesEarlyDoesNotWaitForTheRest) {
  std::atomic<bool> went_on{false};
  {
    Handoff<int> numbers([&](const auto& hand_over) {
      for (int i = 0; i < 1000; ++i) hand_over(int{i});
      went_on = true;
    });
    EXPECT_EQ(numbers.take(), 0);
  }
  EXPECT_FALSE(went_on);
}

}  // namespace
}  // namespace facet
