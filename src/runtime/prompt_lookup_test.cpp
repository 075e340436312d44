#include "runtime/prompt_lookup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace facet::runtime {
namespace {

using Tokens = std::vector<TokenId>;

Tokens expected(const Tokens& text, const PromptLookup::Match& match, int n) {
  Tokens out;
  for (int i = 0; i < n; ++i) out.push_back(PromptLookup::expected(text, match, i));
  return out;
}

TEST(PromptLookup, SaysWhatFollowedBefore) {
  const Tokens text = {1, 2, 3, 4, 50, 60, 70, 9, 2, 3, 4};
  const auto match = PromptLookup(100).find(text);
  EXPECT_EQ(match.length, 3);
  EXPECT_EQ(match.position, 4);
  EXPECT_EQ(expected(text, match, 4), (Tokens{50, 60, 70, 9}));
}

TEST(PromptLookup, ThreeTokensAtLeast) {
  EXPECT_EQ(PromptLookup(100).find(Tokens{1, 2, 3, 9, 2, 3}).length, 0);
  EXPECT_EQ(PromptLookup(100).find(Tokens{1, 2, 3}).length, 0);
  EXPECT_EQ(PromptLookup(100).find(Tokens{}).length, 0);
}

TEST(PromptLookup, ThePlaceSeenLastWins) {
  const Tokens text = {1, 2, 3, 10, 1, 2, 3, 20, 1, 2, 3};
  EXPECT_EQ(PromptLookup::expected(text, PromptLookup(100).find(text), 0), 20);
}

// The three tokens stood somewhere else since, but eight say more.
TEST(PromptLookup, TheLongerRunWins) {
  const Tokens run = {11, 12, 13, 14, 15, 16, 17, 18};
  Tokens text = {5};
  text.insert(text.end(), run.begin(), run.end());
  text.insert(text.end(), {100, 7, 16, 17, 18, 200, 5});
  text.insert(text.end(), run.begin(), run.end());
  const auto match = PromptLookup(100).find(text);
  EXPECT_EQ(match.length, 9);  // with the 5 before it
  EXPECT_EQ(PromptLookup::expected(text, match, 0), 100);
}

TEST(PromptLookup, ARepetitionGoesOnRepeating) {
  const Tokens text = {9, 1, 2, 1, 2, 1, 2, 1};
  const auto match = PromptLookup(100).find(text);
  EXPECT_EQ(expected(text, match, 5), (Tokens{2, 1, 2, 1, 2}));
}

// Against a search of the whole text, as it grows by one and by several tokens.
TEST(PromptLookup, FindsWhatASearchFinds) {
  std::mt19937 random(1);
  for (const int n_kinds : {2, 5, 12}) {
    constexpr size_t kLength = 600;
    PromptLookup lookup(kLength);
    Tokens text;
    int n_found = 0;
    while (text.size() < kLength) {
      for (size_t n = 1 + random() % 8; n > 0 && text.size() < kLength; --n)
        text.push_back(static_cast<TokenId>(random() % static_cast<unsigned>(n_kinds)));
      const auto match = lookup.find(text);
      int last = 0;
      for (const size_t n : {3, 8})
        for (size_t end = n; end < text.size(); ++end)
          if (text.size() > n && std::equal(text.end() - static_cast<std::ptrdiff_t>(n), text.end(),
                                            text.begin() + static_cast<std::ptrdiff_t>(end - n)))
            last = static_cast<int>(end);
      ASSERT_EQ(match.position, last) << text.size() << " tokens of " << n_kinds << " kinds";
      int length = 0;
      while (last > length && length < PromptLookup::kLongest &&
             text[static_cast<size_t>(last - length) - 1] == text[text.size() - static_cast<size_t>(length) - 1])
        ++length;
      ASSERT_EQ(match.length, last == 0 ? 0 : length);
      n_found += last != 0;
    }
    EXPECT_GT(n_found, n_kinds == 12 ? 5 : 50);
  }
}

}  // namespace
}  // namespace facet::runtime
