// What a drafter learns: how often it is right, and what a step of several rows costs.
#include "runtime/drafter.h"

#include <gtest/gtest.h>

namespace facet::runtime {
namespace {

using Tokens = std::vector<TokenId>;

// Costs of a machine where a row more costs this much, measured often enough to be believed.
std::unique_ptr<StepCosts> costs(double row) {
  auto out = std::make_unique<StepCosts>(0.5f);
  for (int i = 0; i < 40; ++i)
    for (int n = 1; n <= kDecodeRows; ++n) out->record(n, 0.010 * (1 + row * (n - 1)));
  return out;
}

TEST(StepCosts, AreGuessedThenMeasured) {
  StepCosts guess(0.5f);
  EXPECT_FLOAT_EQ(guess.relative(1), 1);
  EXPECT_FLOAT_EQ(guess.relative(4), 2.5f);
  const auto measured = costs(0.1);
  EXPECT_NEAR(measured->relative(1), 1, 1e-3);
  EXPECT_NEAR(measured->relative(4), 1.3, 0.01);
  EXPECT_NEAR(measured->relative(8), 1.7, 0.01);
}

TEST(StepCosts, AStepThatWasHeldUpCountsForLittle) {
  const auto one = costs(0.1), many = costs(0.1);
  one->record(1, 1.0);
  EXPECT_NEAR(one->relative(4), 1.3, 0.05);
  one->record(4, 0.013);
  EXPECT_NEAR(one->relative(4), 1.3, 0.1);
  many->record(4, 1.0);
  EXPECT_LT(many->relative(4), 1.7);
}

TEST(StepCosts, ASizeThatLostIsTriedAgain) {
  const auto dear = costs(0.9);
  EXPECT_NEAR(dear->relative(2), 1.9, 0.02);
  for (int i = 0; i < 500; ++i) dear->record(1, 0.010);
  EXPECT_LT(dear->relative(2), 1.2);
  for (int i = 0; i < 5000; ++i) dear->record(1, 0.010);
  EXPECT_EQ(dear->relative(8), 1);
}

TEST(DraftPolicy, DraftsAsManyAsPay) {
  DraftPolicy policy;
  for (int i = 0; i < 100; ++i) {
    policy.record(3, false);
    policy.record(10, true);
    policy.record(20, true);
    policy.record(5, i % 10 < 8);
  }
  const auto cheap = costs(0.05), middling = costs(0.3), dear = costs(1.05);
  EXPECT_EQ(policy.choose(3, 7, *cheap), 0);
  EXPECT_EQ(policy.choose(10, 7, *cheap), 7);
  EXPECT_EQ(policy.choose(10, 6, *cheap), 3);
  EXPECT_EQ(policy.choose(10, 1, *cheap), 1);
  EXPECT_EQ(policy.choose(10, 0, *cheap), 0);
  EXPECT_GT(policy.choose(5, 7, *middling), 0);
  EXPECT_EQ(policy.choose(10, 7, *dear), 0);  // all right, and yet no gain
}

class DrafterTest : public testing::Test {
 protected:
  static Tokens draft(Drafter& drafter, int most, const Tokens& never = {}) {
    const auto d = drafter.draft(most, never);
    return {d.begin(), d.end()};
  }
  std::unique_ptr<StepCosts> costs_ = costs(0.05);
  Tokens text_ = {2, 11, 12, 13, 14, 15, 16, 17, 18, 19, 9, 11, 12, 13};
};

TEST_F(DrafterTest, AFixedNumberIsDrafted) {
  Drafter drafter(text_, 100, 2, *costs_);
  EXPECT_EQ(draft(drafter, 7), (Tokens{14, 15}));
  EXPECT_EQ(draft(drafter, 1), (Tokens{14}));
  EXPECT_TRUE(draft(drafter, 0).empty());
  drafter.push(77);
  EXPECT_TRUE(draft(drafter, 7).empty());  // 12, 13, 77 never stood before
}

TEST_F(DrafterTest, ItEndsBeforeWhatEndsTheAnswer) {
  Drafter drafter(text_, 100, 7, *costs_);
  EXPECT_EQ(draft(drafter, 7, {500, 16}), (Tokens{14, 15}));
  EXPECT_TRUE(draft(drafter, 7, {14}).empty());
}

// It watches what comes of its expectations also while it drafts nothing, so it finds its way back.
TEST_F(DrafterTest, StopsWhenItIsWrongAndComesBackWhenItIsRight) {
  Tokens text;
  for (int i = 0; i < 100; ++i) text.insert(text.end(), {20, 21, 22, 100 + i});
  text.insert(text.end(), {20, 21, 22});
  Drafter drafter(text, 2000, -1, *costs_);
  EXPECT_FALSE(draft(drafter, 7).empty());
  int next = 1000, n_last = 0;
  for (int i = 0; i < 60; ++i) {
    n_last = 0;
    for (const TokenId t : {next++, 20, 21, 22}) {
      drafter.push(t);
      n_last += static_cast<int>(draft(drafter, 7).size());
    }
  }
  EXPECT_EQ(n_last, 0);
  for (int i = 0; i < 60; ++i)
    for (const TokenId t : {7, 20, 21, 22}) {
      drafter.push(t);
      n_last = static_cast<int>(draft(drafter, 7).size());
    }
  EXPECT_EQ(n_last, 7);
}

}  // namespace
}  // namespace facet::runtime
