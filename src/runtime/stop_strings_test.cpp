#include "runtime/stop_strings.h"

#include <gtest/gtest.h>

#include <random>

namespace facet::runtime {
namespace {

// What is shown of `text` when it comes in pieces of the given size, with a `|` where it stopped.
std::string shown(const std::vector<std::string>& strings, std::string_view text, size_t piece) {
  StopStrings stop(strings);
  std::string out;
  for (size_t i = 0; i < text.size() && !stop.stopped(); i += piece) out += stop.push(text.substr(i, piece));
  out += stop.finish();
  return stop.stopped() ? out + "|" : out;
}

void expect_shown(const std::vector<std::string>& strings, std::string_view text, const std::string& expected) {
  for (size_t piece = 1; piece <= text.size() + 1; ++piece)
    EXPECT_EQ(shown(strings, text, piece), expected) << text << " in pieces of " << piece;
}

TEST(StopStrings, EndTheTextBeforeThem) {
  expect_shown({"stop"}, "go on, stop, go on", "go on, |");
  expect_shown({"stop"}, "stop", "|");
  expect_shown({"stop"}, "sto", "sto");
  expect_shown({"stop"}, "", "");
  expect_shown({}, "anything", "anything");
}

TEST(StopStrings, BeginningsThatCameToNothingAreShown) {
  expect_shown({"aab"}, "aaac", "aaac");
  expect_shown({"aab"}, "aaab", "a|");
  expect_shown({"abab"}, "abaabab", "aba|");
  expect_shown({"\n\nUser:"}, "one\n\nUse\n\nUser: two", "one\n\nUse|");
}

TEST(StopStrings, OneMayBeginOrHoldAnother) {
  expect_shown({"end", "ending"}, "the ending", "the |");
  expect_shown({"ending", "end"}, "the ending", "the |");
  expect_shown({"abcd", "bc"}, "xabcd", "xa|");  // "bc" is complete first
  expect_shown({"abcd", "bc"}, "xabxbc", "xabx|");
  expect_shown({"ab", "ba"}, "xaba", "x|");
}

TEST(StopStrings, TheEarliestOfSeveralCounts) {
  StopStrings stop({"two", "one"});
  EXPECT_EQ(stop.push("zero one two"), "zero ");
  EXPECT_TRUE(stop.stopped());
}

TEST(StopStrings, NothingComesAfterwards) {
  StopStrings stop({"."});
  EXPECT_EQ(stop.push("a.b"), "a");
  EXPECT_EQ(stop.push("c"), "");
  EXPECT_EQ(stop.finish(), "");
}

TEST(StopStrings, OnlyWhatMayBecomeOneIsHeldBack) {
  StopStrings stop({"<end>", "<e"});
  EXPECT_EQ(stop.push("text <"), "text ");
  EXPECT_EQ(stop.push("b"), "<b");
  EXPECT_EQ(stop.push("<"), "");
  EXPECT_EQ(stop.finish(), "<");
}

TEST(StopStrings, CharactersOfSeveralBytes) {
  expect_shown({"終わり"}, "これで終わりです", "これで|");
  expect_shown({"終わり"}, "終わる", "終わる");
  expect_shown({"é"}, "caf\xc3\xa9 noir", "caf|");
  // Whole characters in, whole characters out: what is held back ends where a character does.
  StopStrings stop({"終わり"});
  for (const std::string_view character : {"こ", "終", "わ", "る"}) {
    const std::string out = stop.push(character);
    EXPECT_EQ(out.size() % 3, 0u) << out;
  }
}

TEST(StopStrings, EmptyOnesAreNone) { expect_shown({"", "b", ""}, "abc", "a|"); }

TEST(StopStrings, AsIfTheWholeTextWereKnown) {
  std::mt19937 random(1);
  const auto word = [&](size_t n) {
    std::string s;
    for (size_t i = 0; i < n; ++i) s += static_cast<char>('a' + random() % 2);
    return s;
  };
  for (int i = 0; i < 500; ++i) {
    const std::vector<std::string> strings = {word(1 + random() % 5), word(3 + random() % 3)};
    const std::string text = word(random() % 12);
    // The match that is complete first ends it; of those, the one that began first.
    std::string expected = text;
    for (size_t end = 1; end <= text.size() && expected == text; ++end) {
      const std::string_view seen = std::string_view(text).substr(0, end);
      size_t length = 0;
      for (const std::string& s : strings)
        if (seen.ends_with(s)) length = std::max(length, s.size());
      if (length > 0) expected = text.substr(0, end - length) + "|";
    }
    for (const size_t piece : {1, 2, 20})
      EXPECT_EQ(shown(strings, text, piece), expected) << text << " with " << strings[0] << ", " << strings[1];
  }
}

TEST(StopStrings, TellsWhichOneWasMet) {
  StopStrings stop({"END", "ND", "X"});
  EXPECT_EQ(stop.push("the E"), "the ");
  EXPECT_EQ(stop.push("ND"), "");
  EXPECT_EQ(stop.stopped_by(), "END");
}

}  // namespace
}  // namespace facet::runtime
