#include "constraint/regex/regexes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"

namespace facet::constraint {
namespace {

bool matches(Regexes& regexes, RegexId a, std::string_view text) {
  return regexes.is_nullable(regexes.derive(a, text));
}

RegexId letters(Regexes& regexes, std::string_view set) {
  ByteSet bytes;
  for (const char c : set) bytes.set(static_cast<uint8_t>(c));
  return regexes.bytes(bytes);
}

TEST(Regexes, LawsGiveOneIdToEqualLanguages) {
  Regexes r;
  const RegexId a = r.literal("a"), b = r.literal("b"), ab = r.literal("ab"), word = r.literal("word");
  const RegexId star = r.repeat(word, 0);
  EXPECT_EQ(r.either(a, b), letters(r, "ab"));
  EXPECT_EQ(r.concat(a, b), ab);
  EXPECT_EQ(r.concat(std::array{a, b, word}), r.literal("abword"));
  EXPECT_EQ(r.either(ab, r.either(word, ab)), r.either(word, ab));
  EXPECT_EQ(r.either(word, Regexes::kNothing), word);
  EXPECT_EQ(r.either(word, Regexes::kAnything), Regexes::kAnything);
  EXPECT_EQ(r.both(word, Regexes::kAnything), word);
  EXPECT_EQ(r.both(letters(r, "ab"), letters(r, "bc")), b);
  EXPECT_EQ(r.both(star, r.complement(star)), Regexes::kNothing);
  EXPECT_EQ(r.either(star, r.complement(star)), Regexes::kAnything);
  EXPECT_EQ(r.both(star, r.repeat(word, 2, 5)), r.repeat(word, 2, 5));
  EXPECT_EQ(r.both(r.complement(star), r.repeat(word, 2, 5)), Regexes::kNothing);
  EXPECT_EQ(r.complement(r.complement(word)), word);
  EXPECT_EQ(r.concat(word, Regexes::kNothing), Regexes::kNothing);
  EXPECT_EQ(r.concat(Regexes::kEmpty, word), word);
  EXPECT_EQ(r.repeat(star, 0), star);
  EXPECT_EQ(r.repeat(r.optional(word), 2, 7), r.repeat(word, 0, 7));
  EXPECT_EQ(r.concat(r.repeat(word, 1, 3), r.repeat(word, 2, 5)), r.repeat(word, 3, 8));
  EXPECT_EQ(r.either(r.repeat(word, 1, 3), r.repeat(word, 2, 5)), r.repeat(word, 1, 5));
  EXPECT_EQ(r.repeat(word, 0, 0), Regexes::kEmpty);
  EXPECT_EQ(r.repeat(r.bytes(ByteSet{}.set()), 0), Regexes::kAnything);
}

TEST(Regexes, RepetitionsThatAreNoneAreRefused) {
  Regexes r;
  EXPECT_THROW(r.repeat(r.literal("a"), 3, 2), RequestError);
  EXPECT_THROW(r.repeat(r.literal("a"), -1, 2), RequestError);
  EXPECT_THROW(r.repeat(r.literal("a"), 0, -2), RequestError);
}

TEST(Regexes, ControlTokensAreLetters) {
  Regexes r;
  const RegexId quoted = r.concat(std::array{r.control(3), r.literal("x"), r.control(3)});
  EXPECT_TRUE(matches(r, quoted, "\xff\x03x\xff\x03"));
  EXPECT_FALSE(matches(r, quoted, "\xff\x03x\xff\x04"));
}

// Expressions at random, next to the set of their texts of up to kMaxLength letters a and b, by definition.
class RandomRegexes {
 public:
  struct Made {
    RegexId id;
    std::set<std::string> texts;
  };
  static constexpr size_t kMaxLength = 6;

  RandomRegexes(Regexes& regexes, uint32_t seed) : r_(regexes), random_(seed) {
    all_.emplace_back();
    for (size_t i = 0; all_[i].size() < kMaxLength; ++i)
      for (const char c : {'a', 'b'}) all_.push_back(all_[i] + c);
  }

  const std::vector<std::string>& all() const { return all_; }

  Made make(int depth) {
    switch (depth == 0 ? pick(4) : pick(11)) {
      case 0:
        return {r_.literal("a"), {"a"}};
      case 1:
        return {letters(r_, "ab"), {"a", "b"}};
      case 2:
        return {r_.literal("ba"), {"ba"}};
      case 3:
        return {Regexes::kEmpty, {""}};
      case 4:
        return union_of(make(depth - 1), make(depth - 1));
      case 5:
        return intersection_of(make(depth - 1), make(depth - 1));
      case 6:
        return complement_of(make(depth - 1));
      case 7:
        return repeat_of(make(depth - 1), pick(3), pick(4) - 1);
      default:
        return concat_of(make(depth - 1), make(depth - 1));
    }
  }

 private:
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  Made union_of(Made a, const Made& b) {
    a.texts.insert(b.texts.begin(), b.texts.end());
    return {r_.either(a.id, b.id), a.texts};
  }
  Made intersection_of(Made a, const Made& b) {
    std::erase_if(a.texts, [&](const std::string& text) { return !b.texts.contains(text); });
    return {r_.both(a.id, b.id), a.texts};
  }
  Made complement_of(const Made& a) {
    Made out{r_.complement(a.id), {}};
    for (const std::string& text : all_)
      if (!a.texts.contains(text)) out.texts.insert(text);
    return out;
  }
  static std::set<std::string> product(const std::set<std::string>& a, const std::set<std::string>& b) {
    std::set<std::string> out;
    for (const std::string& x : a)
      for (const std::string& y : b)
        if (x.size() + y.size() <= kMaxLength) out.insert(x + y);
    return out;
  }
  Made concat_of(const Made& a, const Made& b) { return {r_.concat(a.id, b.id), product(a.texts, b.texts)}; }
  Made repeat_of(const Made& a, int min, int more) {
    Made out{r_.repeat(a.id, min, more < 0 ? -1 : min + more), {}};
    std::set<std::string> power = {""};
    const int last = more < 0 ? min + static_cast<int>(kMaxLength) : min + more;
    for (int i = 0; i <= last; ++i, power = product(power, a.texts))
      if (i >= min) out.texts.insert(power.begin(), power.end());
    return out;
  }

  Regexes& r_;
  std::mt19937 random_;
  std::vector<std::string> all_;
};

TEST(Regexes, MatchWhatTheirDefinitionSays) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    Regexes r;
    RandomRegexes random(r, seed);
    const RandomRegexes::Made made = random.make(5);
    EXPECT_TRUE(made.texts.empty() || !r.is_nothing(made.id)) << seed;
    for (const std::string& text : random.all())
      ASSERT_EQ(matches(r, made.id, text), made.texts.contains(text)) << seed << ": " << text;
  }
}

// The states that may be reached from `a`, or none if they are too many.
std::vector<RegexId> reachable(Regexes& r, RegexId a) {
  std::vector<RegexId> states = {a};
  for (size_t i = 0; i < states.size() && states.size() < 300; ++i)
    for (int b = 0; b < 256; ++b) {
      const RegexId next = r.derive(states[i], static_cast<uint8_t>(b));
      EXPECT_EQ(next != Regexes::kNothing, r.first_bytes(states[i])[static_cast<size_t>(b)]);
      if (next != Regexes::kNothing && std::find(states.begin(), states.end(), next) == states.end())
        states.push_back(next);
    }
  return states.size() < 300 ? states : std::vector<RegexId>{};
}

TEST(Regexes, EveryStateButNothingLeadsToAText) {
  size_t n_checked = 0;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    Regexes r;
    const RegexId root = RandomRegexes(r, seed).make(4).id;
    if (r.is_nothing(root)) continue;
    const std::vector<RegexId> states = reachable(r, root);
    std::set<RegexId> live;
    for (size_t before = SIZE_MAX; before != live.size();) {
      before = live.size();
      for (const RegexId s : states) {
        bool reaches = r.is_nullable(s);
        for (int b = 0; b < 256 && !reaches; ++b) reaches = live.contains(r.derive(s, static_cast<uint8_t>(b)));
        if (reaches) live.insert(s);
      }
    }
    EXPECT_EQ(live.size(), states.size()) << seed;
    n_checked += states.size();
  }
  EXPECT_GT(n_checked, 500u);
}

// The length of the shortest text, by breadth.
uint32_t nearest_end(Regexes& r, RegexId root) {
  std::set<RegexId> known = {root};
  std::vector<RegexId> level = {root};
  for (uint32_t n = 0; !level.empty(); ++n) {
    if (std::any_of(level.begin(), level.end(), [&r](RegexId id) { return r.is_nullable(id); })) return n;
    std::vector<RegexId> next;
    for (const RegexId id : level)
      for (const uint8_t letter : {'a', 'b'})
        if (const RegexId there = r.derive(id, letter); known.insert(there).second) next.push_back(there);
    level = std::move(next);
  }
  return Regexes::kLong;
}

TEST(Regexes, TheShortestTextIsFoundAndLedTo) {
  size_t n_searched = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    Regexes r;
    const RegexId root = RandomRegexes(r, seed).make(6).id;
    const RegexId only_letters = r.both(root, r.repeat(letters(r, "ab"), 0));
    if (r.is_nothing(only_letters)) continue;
    const uint32_t n = r.least_bytes(only_letters);
    ASSERT_EQ(n, nearest_end(r, only_letters)) << seed;
    RegexId at = only_letters;
    for (uint32_t i = 0; i < n; ++i) at = r.derive(at, r.first_of_shortest(at));
    EXPECT_TRUE(r.is_nullable(at)) << seed;
    n_searched += n > 3;
  }
  EXPECT_GT(n_searched, 50u);
}

// A place that is reached on a longer way first, for what lies beside it looks near to an end.
TEST(Regexes, AShorterWayThatIsFoundLaterCounts) {
  Regexes r;
  const RegexId a = r.literal("a"), d = r.literal("d");
  const RegexId six = r.both(r.repeat(r.literal("aa"), 3), r.repeat(r.literal("aaa"), 2));
  const RegexId fifty = r.both(r.repeat(d, 1), r.repeat(r.repeat(d, 50, 50), 0));
  const RegexId six_behind_c = r.concat(r.literal("c"), six);
  const RegexId root =
      r.either(r.concat(r.literal("yy"), six_behind_c), r.concat(r.literal("xxxx"), r.either(six_behind_c, fifty)));
  EXPECT_EQ(r.least_bytes(root), 9u);
  EXPECT_EQ(r.first_of_shortest(root), 'y');
  EXPECT_EQ(r.least_bytes(r.derive(root, "y")), 8u);
  EXPECT_EQ(r.least_bytes(r.concat(root, a)), 10u);
}

TEST(Regexes, AmbiguityCostsNoStates) {
  Regexes r;
  const RegexId a = r.literal("a"), b = r.literal("b"), aa = r.literal("aa");
  for (const RegexId loop :
       {r.repeat(r.either(a, aa), 0), r.repeat(r.repeat(a, 0), 0), r.repeat(r.either(a, aa), 0, 9000)}) {
    const size_t n_before = r.size();
    const RegexId after = r.derive(r.concat(loop, b), std::string(5000, 'a'));
    EXPECT_TRUE(matches(r, after, "b"));
    EXPECT_FALSE(matches(r, after, "ba"));
    EXPECT_LT(r.size() - n_before, 30'000u);
  }
}

TEST(Regexes, StatesAreMadeOnlyWhenMet) {
  Regexes r;
  const RegexId ab = letters(r, "ab");
  const RegexId tail = r.concat(r.repeat(ab, 0), r.concat(r.literal("a"), r.repeat(ab, 15, 15)));
  EXPECT_TRUE(matches(r, tail, std::string(500, 'b') + "a" + std::string(15, 'b')));
  EXPECT_FALSE(matches(r, tail, std::string(500, 'a') + "b" + std::string(15, 'a')));
  EXPECT_LT(r.size(), 1000u);
  const RegexId counted = r.repeat(ab, 1, 100'000);
  EXPECT_TRUE(matches(r, counted, "abba"));
  EXPECT_LT(r.size(), 1100u);
}

TEST(Regexes, LongLiteralsAndManyLiteralsAreCheap) {
  Regexes r;
  std::mt19937 random(1);
  std::vector<std::string> names;
  std::vector<RegexId> ids;
  for (int i = 0; i < 10'000; ++i) {
    std::string name = "item_";
    for (int k = 0; k < 20; ++k) name += static_cast<char>('a' + random() % 26);
    names.push_back(name);
    ids.push_back(r.literal(name));
  }
  const RegexId any = r.either(ids);
  EXPECT_EQ(r.first_bytes(any).count(), 1u);
  for (size_t i = 0; i < names.size(); i += 100) EXPECT_TRUE(matches(r, any, names[i]));
  EXPECT_FALSE(matches(r, any, names[0] + "x"));
  EXPECT_FALSE(matches(r, any, "item_"));
  EXPECT_LT(r.size(), 60'000u);

  const std::string text(50'000, 'x');
  EXPECT_TRUE(matches(r, r.literal(text), text));
}

TEST(Regexes, LiteralsThatBeginEachOtherAreNotNested) {
  Regexes r;
  std::vector<RegexId> ids;
  for (size_t n = 1; n <= 3000; ++n) ids.push_back(r.literal(std::string(n, 'a')));
  const RegexId any = r.either(ids);
  EXPECT_TRUE(matches(r, any, std::string(3000, 'a')));
  EXPECT_TRUE(matches(r, any, "a"));
  EXPECT_FALSE(matches(r, any, ""));
  EXPECT_FALSE(matches(r, any, std::string(3001, 'a')));
}

TEST(Regexes, LongSequencesAreNotRecursed) {
  Regexes r;
  std::vector<RegexId> parts;
  for (int i = 0; i < 20'000; ++i) parts.push_back(r.optional(letters(r, i % 2 ? "ab" : "bc")));
  const RegexId all = r.concat(parts);
  EXPECT_TRUE(matches(r, all, "abcb"));
  EXPECT_FALSE(matches(r, all, "abd"));
  EXPECT_TRUE(matches(r, all, std::string(20, 'b')));
}

TEST(Regexes, EmptinessIsFoundFarAway) {
  Regexes r;
  const RegexId a = r.literal("a"), aa = r.literal("aa");
  const RegexId far = r.both(r.repeat(a, 5000, 5001), r.repeat(aa, 0));
  EXPECT_FALSE(r.is_nothing(far));
  EXPECT_TRUE(matches(r, far, std::string(5000, 'a')));
  EXPECT_TRUE(r.is_nothing(r.both(r.repeat(a, 5001, 5001), r.repeat(aa, 0))));
  EXPECT_EQ(r.derive(r.concat(r.literal("x"), r.both(r.repeat(a, 3, 3), r.repeat(aa, 0))), 'x'), Regexes::kNothing);
}

TEST(Regexes, LimitsAreSaid) {
  Regexes r(2000);
  const RegexId ab = letters(r, "ab");
  RegexId state = r.concat(r.repeat(ab, 0), r.concat(r.literal("a"), r.repeat(ab, 30, 30)));
  std::mt19937 random(1);
  const auto walk = [&] {
    for (int i = 0; i < 100'000; ++i) state = r.derive(state, random() % 2 ? 'a' : 'b');
  };
  EXPECT_THROW(walk(), RequestError);

  Regexes deep;
  RegexId nested = deep.literal("a");
  const auto nest = [&] {
    for (int i = 0; i < 10'000; ++i)
      nested = deep.repeat(deep.concat(deep.complement(nested), letters(deep, "ab")), 2, 3);
  };
  EXPECT_THROW(nest(), RequestError);
}

}  // namespace
}  // namespace facet::constraint
