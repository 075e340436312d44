#include "constraint/regex/characters.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace facet::constraint {
namespace {

std::string utf8_of(char32_t c) {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  const auto more = [&](int shift, char32_t code) { return byte(0x80 | (code >> shift & 0x3F)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), more(0, c)};
  if (c < 0x10000) return {byte(0xE0 | c >> 12), more(6, c), more(0, c)};
  return {byte(0xF0 | c >> 18), more(12, c), more(6, c), more(0, c)};
}

bool is_text(Regexes& r, RegexId a, std::string_view text) { return r.is_nullable(r.derive(a, text)); }

TEST(Characters, SetsAreNormalizedAndComplemented) {
  const CharacterSet set = normalized({{'x', 'z'}, {'a', 'c'}, {'d', 'e'}, {'b', 'b'}});
  ASSERT_EQ(set.size(), 2u);
  EXPECT_EQ(set[0].last, U'e');
  const CharacterSet others = complement(set);
  ASSERT_EQ(others.size(), 4u);  // before a, between, up to the surrogates, behind them
  EXPECT_EQ(others[2].last, char32_t{0xD7FF});
  EXPECT_EQ(others[3].first, char32_t{0xE000});
  EXPECT_EQ(others[3].last, char32_t{0x10FFFF});
  EXPECT_EQ(complement(others).size(), 2u);
}

TEST(Characters, EveryCodePointIsInItsSetOnly) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    CharacterSet set;
    for (int i = 0; i < 8; ++i) {
      const auto first = static_cast<char32_t>(random() % (0x110000 >> random() % 14));
      set.push_back({first, std::min<char32_t>(0x10FFFF, first + random() % 5000)});
    }
    set = normalized(set);
    Regexes r;
    const RegexId a = character(r, set, Writing::Plain);
    for (char32_t c = 0; c <= 0x10FFFF; c += 1 + random() % 50) {
      const bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
      const bool expected = !is_surrogate && std::any_of(set.begin(), set.end(), [&](const CodePoints& range) {
        return range.first <= c && c <= range.last;
      });
      ASSERT_EQ(is_text(r, a, utf8_of(c)), expected) << static_cast<uint32_t>(c);
    }
  }
}

TEST(Characters, OnlyUtf8IsText) {
  Regexes r;
  const RegexId any = any_text(r, Writing::Plain);
  EXPECT_TRUE(is_text(r, any, "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xFF"})
    EXPECT_FALSE(is_text(r, any, bad));
}

TEST(Characters, LengthsCountCharacters) {
  Regexes r;
  const std::string emoji = "\xF0\x9F\x98\x80";
  for (const Writing writing : {Writing::Plain, Writing::Json}) {
    const RegexId two = any_text(r, writing, 2, 2);
    EXPECT_TRUE(is_text(r, two, emoji + "\xC3\xA4"));
    EXPECT_FALSE(is_text(r, two, emoji));
    EXPECT_FALSE(is_text(r, two, emoji + emoji + emoji));
  }
  EXPECT_TRUE(is_text(r, any_text(r, Writing::Json, 3, 3), R"(\n\u001f\")"));
  EXPECT_TRUE(is_text(r, any_json_text(r, 2, 2), R"(\uD83D\uDE00\/)"));
  EXPECT_FALSE(is_text(r, any_json_text(r, 3, 3), R"(\uD83D\uDE00\/)"));
}

TEST(Characters, JsonSpellings) {
  Regexes r;
  const RegexId any = any_text(r, Writing::Json), all = any_json_text(r);
  for (const char* good : {"", "a/b", R"(\"\\)", R"(\b\f\n\r\t)", R"(\u0000\u001F\u001f)", "\x7F"}) {
    EXPECT_TRUE(is_text(r, any, good)) << good;
    EXPECT_TRUE(is_text(r, all, good)) << good;
  }
  for (const char* other : {R"(\/)", R"(\u0041)", R"(\u0022)", R"(\ud83d\ude00)", R"(\uFFFF)"}) {
    EXPECT_FALSE(is_text(r, any, other)) << other;
    EXPECT_TRUE(is_text(r, all, other)) << other;
  }
  for (const char* bad : {"\"", "\\", R"(\a)", R"(\u12)", R"(\ud83d)", R"(\ude00)", R"(\ud83d\u0041)", "\n", "\x1F"}) {
    EXPECT_FALSE(is_text(r, any, bad)) << bad;
    EXPECT_FALSE(is_text(r, all, bad)) << bad;
  }
}

TEST(Characters, TextsAreSpelledLikeTheirCharacters) {
  Regexes r;
  const RegexId a = text(r, "x\"\\\n\xC3\xA4", Writing::Json);
  EXPECT_TRUE(is_text(r, a, "x\\\"\\\\\\n\xC3\xA4"));
  EXPECT_TRUE(is_text(r, a, "x\\\"\\\\\\u000A\xC3\xA4"));
  EXPECT_FALSE(is_text(r, a, "x\"\\\\\\n\xC3\xA4"));
  EXPECT_TRUE(r.is_nothing(r.both(a, r.complement(any_text(r, Writing::Json)))));
  EXPECT_EQ(text(r, "plain", Writing::Plain), r.literal("plain"));
}

TEST(Characters, LongLimitsAreCheap) {
  Regexes r;
  const RegexId a = any_text(r, Writing::Json, 1, 10'000);
  EXPECT_TRUE(is_text(r, a, std::string(10'000, 'x')));
  EXPECT_FALSE(is_text(r, a, std::string(10'001, 'x')));
  EXPECT_LT(r.size(), 31'000u);
}

}  // namespace
}  // namespace facet::constraint
