#include "constraint/regex/pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <string>
#include <vector>

#include "base/error.h"

namespace facet::constraint {
namespace {

struct PatternCase {
  const char* pattern;
  std::vector<const char*> good, bad;
};

void check_patterns(const std::vector<PatternCase>& cases, const PatternOptions& options = {}) {
  for (const PatternCase& c : cases) {
    Regexes r;
    const RegexId a = parse_pattern(r, c.pattern, options);
    for (const char* text : c.good) EXPECT_TRUE(r.is_nullable(r.derive(a, text))) << c.pattern << " on " << text;
    for (const char* text : c.bad) EXPECT_FALSE(r.is_nullable(r.derive(a, text))) << c.pattern << " on " << text;
  }
}

TEST(Pattern, MatchesSomewhereUnlessAnchored) {
  check_patterns({
      {"b+", {"b", "abbc"}, {"", "ac"}},
      {"^b", {"b", "bc"}, {"ab"}},
      {"b$", {"b", "ab"}, {"bc", "b\n"}},
      {"^$", {""}, {"a", "\n"}},
      {"^a|b$", {"ac", "cb", "a"}, {"ca", "bc"}},
      {"(^|,)x(,|$)", {"x", "a,x,b", "x,x"}, {"ax", "xa"}},
      {"", {"", "a"}, {}},
      {"a^b|c", {"c"}, {"ab", "a^b"}},
      {"^(a|b$)+$", {"a", "aab", "b"}, {"ba", ""}},
      {"^([^,]+(,|$)){3,}$", {"a,b,c", "a,b,c,", "aa,b,c,d"}, {"a,b", "a,b,", ",a,b"}},
  });
}

TEST(Pattern, WholeMatchesAreOfTheWholeText) {
  check_patterns({{"a|bc", {"a", "bc"}, {"abc", "aa", ""}}, {"^a$", {"a"}, {"ba"}}, {"", {""}, {"a"}}},
                 {Writing::Plain, true});
}

TEST(Pattern, CharactersAndEscapes) {
  check_patterns({
      {"^.$", {"a", "\xC3\xA4", "\xF0\x9F\x98\x80"}, {"\n", "\r", "", "ab", "\xE2\x80\xA8"}},
      {"^\\d\\D$", {"1x", "1\xC3\xA4"}, {"11", "xx", "\xD9\xA1x"}},
      {"^\\w\\W$", {"_-", "a "}, {"aa", "-a"}},
      {"^\\s\\S$", {" x", "\xC2\xA0x", "\xEF\xBB\xBFx"}, {"xx", "  "}},
      {"^\\t\\n\\v\\f\\r$", {"\t\n\v\f\r"}, {"tnvfr"}},
      {"^\\/\\-\\.\\_\\@\\\"$", {"/-._@\""}, {"/-x_@\""}},
      {"^\\x41\\u0042\\u{43}\\u{1F600}\\uD83D\\uDE00\\cJ$", {"ABC\xF0\x9F\x98\x80\xF0\x9F\x98\x80\n"}, {"ABC"}},
      {"^\xC3\xA4+$", {"\xC3\xA4\xC3\xA4"}, {"\xC3\xA4\xA4"}},
      {"^\\p{L}\\p{Lu}\\P{L}\\p{gc=Nd}\\p{Letter}$", {"\xC3\xA4\xC3\x84-1x"}, {"\xC3\xA4\xC3\xA4-1x"}},
      {"^a{2}{$", {"aa{"}, {"a{"}},
      {"^{a}]$", {"{a}]"}, {}},
      {"^a{,3}$", {"a{,3}"}, {"aa"}},
  });
}

TEST(Pattern, Classes) {
  check_patterns({
      {"^[a-c_]$", {"a", "c", "_"}, {"d", "-", ""}},
      {"^[^a-c]$", {"d", "\xC3\xA4", "\n"}, {"a", ""}},
      {"^[0-9a-z-_]+$", {"5-_z"}, {"A"}},
      {"^[\\w-.]+$", {"a-."}, {"+"}},
      {"^[a-\\d]+$", {"a-5"}, {"b"}},
      {"^[-a]+[a-]+$", {"-a-"}, {"b"}},
      {"^[\\]\\[\\\\^\\b]+$", {"][\\^\b"}, {"b"}},
      {"^[^]$", {"a", "\n"}, {""}},
      {"^[a-z&&[^b]]$", {"b]", "&]", "[]"}, {"b", "c"}},
      {"^[\\u00E4-\\u{10FFFF}]$", {"\xC3\xA4", "\xF0\x9F\x98\x80"}, {"a"}},
      {"^[\\D]$", {"a"}, {"1"}},
      {"[]", {}, {"", "a"}},
  });
}

TEST(Pattern, Repetitions) {
  check_patterns({
      {"^a*b+c?$", {"b", "aabbc"}, {"", "a", "bcc"}},
      {"^a{2}b{1,2}c{1,}$", {"aabc", "aabbccc"}, {"abc", "aabbbc"}},
      {"^a*?b+?c??d{2,3}?$", {"aabbcdd", "bddd"}, {"bd"}},
      {"^(ab|c){2}$", {"abc", "cc", "abab"}, {"ab"}},
      {"^(?:a|aa)*(a*)*$", {"", "aaaa"}, {"b"}},
  });
}

TEST(Pattern, Groups) {
  check_patterns({
      {"^(?:a)(?<name>b)(?P<other>c)(?#note)$", {"abc"}, {"ab"}},
      {"^(?i)\xC3\xA4[b-c]$",
       {"\xC3\x84"
        "B",
        "\xC3\xA4"
        "c"},
       {"\xC3\x84"
        "d"}},
      {"^a(?i:b)c$", {"abc", "aBc"}, {"aBC", "ABc"}},
      {"^(?i)[^a]$", {"b"}, {"a", "A"}},
      {"^(?s).$", {"\n"}, {""}},
      {"^(a(b(c)))$", {"abc"}, {}},
      {"\\Aab\\Z", {"ab"}, {"xab", "abx"}},
  });
}

TEST(Pattern, Assertions) {
  check_patterns({
      {"^(?!@@)[@a-z]+$", {"@a", "a@@"}, {"@@a", "@@"}},
      {"^(?=.*[0-9])(?=.*[a-z]).{4,8}$", {"abc1", "1bcdefgh"}, {"abcd", "1234", "a1", "abcdefg12"}},
      {"^(?!.*://)(?=.{1,255}$)((.{1,63}\\.){1,127}(?![0-9]*$)[a-z0-9-]+\\.?)$",
       {"example.com", "a.b.c.", "1.2.a3"},
       {"a.123", "http://a.b", "com"}},
      {"((?:[^/]*/)*)(?=\\.(yaml|yml|json))", {"a/b/.yaml", ".json", "x.yml"}, {"a.yam", "json"}},
      {"^(?:(?!foo).)*$", {"", "fo", "barfo"}, {"foo", "xfooy", "a\nb"}},
      {"^((?!-)[a-z-]{1,5}(?!-)\\.)+[a-z]+$", {"ab.c", "a-b.c.d"}, {"-a.c", "a.-b.c"}},
      {"^a(?=b)", {"ab", "abc"}, {"a", "ac"}},
      {"a(?!b)$", {"a", "xa"}, {"ab"}},
      {"\\bcat\\b", {"cat", "a cat!", "cat cat"}, {"cats", "concat", "_cat"}},
      {"\\Bcat", {"concat", "_cat"}, {"cat", "a cat"}},
      {"^\\w+\\b.\\b\\w+$", {"a-b"}, {"ab-", "abc"}},
  });
}

TEST(Pattern, JsonWriting) {
  check_patterns({{"^\"\\\\\\n.$", {"\\\"\\\\\\nx", "\\\"\\\\\\u000aX"}, {"\"\\\nx", "\\\"\\\\\\n\\n"}},
                  {"^[^a]$", {"\\\"", "\\\\", "\\t", "\\u0007", "b"}, {"a", "\\", "\"", "\t"}},
                  {"x", {"x", "\\nx", "\\\"x"}, {"", "\\x", "\"x"}},
                  {"^(?!\")", {"", "\\\\", "a"}, {"\\\"a"}},
                  {"^[^]*\\bb$", {"\\nb", "b"}, {"nb"}}},
                 {Writing::Json, false});
}

TEST(Pattern, WhatIsNotSupportedIsSaidWithItsPlace) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"a(b", "at byte 1: this group has no closing"},
      {"a)b", "at byte 1: this ')'"},
      {"a[b", "at byte 1: this class"},
      {"a\\", "ends with a backslash"},
      {"*a", "nothing to repeat"},
      {"a|+", "at byte 2: there is nothing to repeat"},
      {"a**", "a repetition cannot be repeated"},
      {"a{2,1}", "at byte 1: this repetition's limits"},
      {"a{1000000}", "limited to 100000"},
      {"a{99999999999999999999}", "limited to 100000"},
      {"^*", "cannot be repeated"},
      {"(?<=a)b", "look-behind"},
      {"(?<!a)b", "look-behind"},
      {"(a)\\1", "at byte 3: back references"},
      {"(?<n>a)\\k<n>", "back references"},
      {"(?>a)", "atomic"},
      {"(?x)a", "unknown kind of group"},
      {"\\y", "unknown escape"},
      {"\\u12", "four hexadecimal digits"},
      {"\\u{110000}", "code point up to"},
      {"\\x1", "two hexadecimal digits"},
      {"\\c1", "a letter behind"},
      {"\\01", "octal"},
      {"\\p{Greek}", "not supported"},
      {"[z-a]", "at byte 1: this range"},
      {"a\xFF", "not valid UTF-8"},
      {"\xED\xA0\x80", "not valid UTF-8"},
      {"(?:a(?=b)|c)*d", "look-ahead and word boundaries"},
      {std::string(300, '(') + std::string(300, ')'), "nested more than 200"},
      {"(((((^a){0,99}){0,99}){0,99}){0,99}){0,99}", "too many assertions"},
  };
  for (const auto& [pattern, message] : cases) {
    Regexes r;
    try {
      parse_pattern(r, pattern);
      ADD_FAILURE() << pattern << " is accepted";
    } catch (const RequestError& e) {
      EXPECT_NE(std::string(e.what()).find(message), std::string::npos) << pattern << ": " << e.what();
    }
  }
}

TEST(Pattern, DeepAndLongPatternsAreFine) {
  Regexes r;
  const std::string nested = std::string(150, '(') + "a" + std::string(150, ')');
  EXPECT_TRUE(r.is_nullable(r.derive(parse_pattern(r, "^" + nested + "$"), "a")));
  std::string loops = "a";
  for (int i = 0; i < 150; ++i) loops = "(" + loops + "b)*";
  EXPECT_TRUE(r.is_nullable(r.derive(parse_pattern(r, "^" + loops + "$"), "")));
  const std::string text(20'000, 'x');
  EXPECT_TRUE(r.is_nullable(r.derive(parse_pattern(r, "^" + text + "$"), text)));
}

// Against the standard library's matcher, which backtracks.
class RandomPatterns {
 public:
  explicit RandomPatterns(uint32_t seed) : random_(seed) {}

  // The standard library's look-ahead takes its place for the text's beginning, so none asks about what is before it.
  std::string choice(int depth) {
    std::string out = sequence(depth);
    while (pick(4) == 0) out += "|" + sequence(depth);
    return out;
  }

 private:
  uint32_t pick(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

  std::string sequence(int depth) {
    std::string out;
    for (uint32_t n = pick(4); n > 0; --n) out += term(depth);
    return out;
  }
  std::string term(int depth) {
    switch (pick(depth > 0 ? 14 : 8)) {
      case 0:
        return std::array{"$", "^", "\\b", "\\B"}[n_ahead_ > 0 ? 0 : pick(4)];
      case 1:
      case 2:
        return std::array{".", "[ab]", "[^a]", "\\w", "\\W"}[pick(5)];
      case 3:
      case 4:
      case 5:
      case 6:
      case 7:
        return std::array{"a", "b", "-", "ab"}[pick(4)] + quantifier();
      case 8:
        return ahead("(?=", depth);
      case 9:
        return ahead("(?!", depth);
      default:
        return "(" + choice(depth - 1) + ")" + quantifier();
    }
  }
  std::string ahead(const char* opener, int depth) {
    ++n_ahead_;
    const std::string out = opener + choice(depth - 1) + ")";
    --n_ahead_;
    return out;
  }
  std::string quantifier() { return std::array{"", "", "", "*", "+", "?", "{1,2}", "{2}"}[pick(8)]; }

  std::mt19937 random_;
  int n_ahead_ = 0;
};

std::vector<std::string> short_texts() {
  std::vector<std::string> all = {""};
  for (size_t i = 0; all[i].size() < 4; ++i)
    for (const char c : {'a', 'b', '-'}) all.push_back(all[i] + c);
  return all;
}

TEST(Pattern, AgreesWithABacktrackingMatcher) {
  const std::vector<std::string> texts = short_texts();
  size_t n_patterns = 0, n_matches = 0;
  for (uint32_t seed = 0; seed < 1500; ++seed) {
    const std::string pattern = RandomPatterns(seed).choice(2);
    Regexes r;
    RegexId a;
    try {
      a = parse_pattern(r, pattern);
    } catch (const RequestError&) {
      continue;  // look-ahead in a loop
    }
    const std::regex oracle(pattern);
    ++n_patterns;
    for (const std::string& text : texts) {
      const bool expected = std::regex_search(text, oracle);
      n_matches += expected;
      ASSERT_EQ(r.is_nullable(r.derive(a, text)), expected) << pattern << " on '" << text << "'";
    }
  }
  EXPECT_GT(n_patterns, 1000u);
  EXPECT_GT(n_matches, 10'000u);
}

}  // namespace
}  // namespace facet::constraint
