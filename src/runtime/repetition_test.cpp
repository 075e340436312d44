#include "runtime/repetition.h"

#include <gtest/gtest.h>

#include <vector>

namespace facet::runtime {
namespace {

using Tokens = std::vector<text::TokenId>;

// After how many tokens of the text it is said to repeat; 0: never.
size_t repeats_after(const Tokens& text, int most) {
  Repetition repetition(most);
  for (size_t n = 1; n <= text.size(); ++n)
    if (repetition.take(std::span(text).first(n))) return n;
  return 0;
}

Tokens with_passage(size_t n_before, int period, size_t n) {
  Tokens text;
  for (size_t i = 0; i < n_before; ++i) text.push_back(static_cast<text::TokenId>(10'000 + i));
  for (size_t i = 0; i < n; ++i) text.push_back(static_cast<text::TokenId>(i % static_cast<size_t>(period)));
  return text;
}

TEST(Repetition, IsSeenWhenSoManyTokensRepeatAPassage) {
  EXPECT_EQ(repeats_after(with_passage(7, 1, 200), 100), 7u + 1 + 100);
  EXPECT_EQ(repeats_after(with_passage(7, 20, 200), 100), 7u + 20 + 100);
  EXPECT_EQ(repeats_after(with_passage(0, 20, 119), 100), 0u);
}

TEST(Repetition, ALongPassageIsSaidFourTimes) {
  EXPECT_EQ(repeats_after(with_passage(0, 256, 2000), 100), 4u * 256);
  EXPECT_EQ(repeats_after(with_passage(0, 257, 4000), 100), 0u);
}

TEST(Repetition, WhatDiffersNowAndThenGoesOn) {
  Tokens rows;  // a numbered list
  for (int row = 0; row < 100; ++row) {
    rows.insert(rows.end(), 30, 5);
    rows.push_back(1000 + row);
  }
  EXPECT_EQ(repeats_after(rows, 100), 0u);
}

TEST(Repetition, IsWatchedAnewOnceItWasSeen) {
  Repetition repetition(10);
  Tokens text;
  int n_seen = 0;
  for (int i = 0; i < 34; ++i) {
    text.push_back(1);
    n_seen += repetition.take(text) ? 1 : 0;
  }
  EXPECT_EQ(n_seen, 3);
}

}  // namespace
}  // namespace facet::runtime
