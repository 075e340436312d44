#include "constraint/matcher/matcher.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <thread>

#include "base/error.h"
#include "constraint/matcher/test_vocabulary.h"
#include "constraint/regex/characters.h"
#include "constraint/regex/pattern.h"

namespace facet::constraint {
namespace {

using Build = std::function<NodeId(Grammar&)>;

std::shared_ptr<const CompiledGrammar> compiled_by(const Build& build) {
  Grammar grammar;
  grammar.set_root(build(grammar));
  return std::make_shared<CompiledGrammar>(std::move(grammar));
}

bool takes(const std::shared_ptr<const CompiledGrammar>& grammar, std::string_view text) {
  Matcher matcher(grammar, test_vocabulary());
  return matcher.accept_bytes(text) && matcher.may_end();
}

// "[" value {"," value} "]" with value = "x" or such a list.
NodeId nested_lists(Grammar& g) {
  const NodeId value = g.rule("value");
  const NodeId more = g.repeat(g.sequence({g.literal(","), value}), 0);
  const NodeId list = g.sequence({g.literal("["), g.optional(g.sequence({value, more})), g.literal("]")});
  g.define(value, g.choice({g.literal("x"), list}));
  return list;
}

RegexId quoted(Grammar& g) {
  Regexes& r = g.regexes();
  return r.concat(std::vector{r.literal("\""), any_text(r, Writing::Json), r.literal("\"")});
}

ObjectNode bare_object(Grammar& g) {
  ObjectNode object;
  object.open = g.literal("{");
  object.close = g.literal("}");
  object.colon = g.literal(":");
  object.comma = g.literal(",");
  return object;
}

NodeId person(Grammar& g) {
  ObjectNode object = bare_object(g);
  object.properties = {{"\"name\"", g.terminal(quoted(g)), true},
                       {"\"age\"", g.literal("12"), false},
                       {"\"nameless\"", g.choice({g.literal("true"), g.literal("false")}), false}};
  return g.object(std::move(object));
}

ArrayNode bare_array(Grammar& g) {
  ArrayNode array;
  array.open = g.literal("[");
  array.close = g.literal("]");
  array.comma = g.literal(",");
  array.rest = Grammar::kNoNode;
  return array;
}

NodeId unique_letters(Grammar& g) {
  ArrayNode array = bare_array(g);
  array.rest = g.choice({g.literal("\"a\""), g.literal("\"b\""), g.literal("\"c\"")});
  array.unique = true;
  return g.array(std::move(array));
}

TEST(Matcher, ListsInLists) {
  const auto g = compiled_by(nested_lists);
  for (const char* text : {"[]", "[x]", "[x,x,[x]]", "[[[]],[x,[]]]"}) EXPECT_TRUE(takes(g, text)) << text;
  for (const char* text : {"", "x", "[x", "[x,]", "[,x]", "[x]]", "[xx]", "[]x"}) EXPECT_FALSE(takes(g, text)) << text;
}

TEST(Matcher, MembersComeInAnyOrderAndOnce) {
  const auto g = compiled_by(person);
  for (const char* text : {R"({"name":"x"})", R"({"age":12,"name":""})", R"({"nameless":true,"name":"a","age":12})"})
    EXPECT_TRUE(takes(g, text)) << text;
  for (const char* text : {"{}", R"({"age":12})", R"({"name":"x","name":"y"})", R"({"name":"x",})", R"({"name":"x" })",
                           R"({"other":1,"name":"x"})", R"({"name":"x","age":13})"})
    EXPECT_FALSE(takes(g, text)) << text;
}

TEST(Matcher, NumbersOfMembersAreCounted) {
  const auto counted = [](int min, int max) {
    return compiled_by([=](Grammar& g) {
      ObjectNode object = bare_object(g);
      object.properties = {{"\"a\"", g.literal("1"), true}, {"\"b\"", g.literal("1"), false}};
      const RegexId other = g.regexes().both(
          quoted(g),
          g.regexes().complement(g.regexes().either(g.regexes().literal("\"a\""), g.regexes().literal("\"b\""))));
      object.others = {{other, g.literal("2")}};
      object.min_members = min;
      object.max_members = max;
      return g.object(std::move(object));
    });
  };
  EXPECT_FALSE(takes(counted(2, -1), R"({"a":1})"));
  EXPECT_TRUE(takes(counted(2, -1), R"({"a":1,"x":2})"));
  EXPECT_FALSE(takes(counted(3, -1), R"({"a":1,"x":2,"x":2})")) << "a key that comes twice is one member";
  EXPECT_TRUE(takes(counted(3, -1), R"({"a":1,"x":2,"xx":2})"));
  EXPECT_TRUE(takes(counted(0, 2), R"({"b":1,"a":1})"));
  EXPECT_FALSE(takes(counted(0, 2), R"({"b":1,"x":2,"a":1})"));
  Matcher matcher(counted(0, 1), test_vocabulary());
  EXPECT_TRUE(matcher.accept_bytes("{\""));
  EXPECT_EQ(matcher.forced(), "a\":1}") << "there is room for the required member only";
}

TEST(Matcher, NoMemberIsOfferedWhenAllKeysAreUsed) {
  const auto g = compiled_by([](Grammar& grammar) {
    ObjectNode object = bare_object(grammar);
    object.others = {{grammar.regexes().either(grammar.regexes().literal("\"a\""), grammar.regexes().literal("\"b\"")),
                      grammar.literal("1")}};
    object.min_members = 2;
    return grammar.object(std::move(object));
  });
  Matcher matcher(g, test_vocabulary());
  EXPECT_TRUE(matcher.accept_bytes(R"({"b":1,)"));
  EXPECT_EQ(matcher.forced(), "\"a\":1}");
}

TEST(Matcher, ItemsThatMayNotComeTwice) {
  const auto g = compiled_by(unique_letters);
  for (const char* text : {"[]", R"(["a"])", R"(["b","a","c"])"}) EXPECT_TRUE(takes(g, text)) << text;
  for (const char* text : {R"(["a","a"])", R"(["a","b","a"])", R"(["a","b","c",)"})
    EXPECT_FALSE(takes(g, text)) << text;
  Matcher matcher(g, test_vocabulary());
  EXPECT_TRUE(matcher.accept_bytes(R"(["a","c",)"));
  EXPECT_EQ(matcher.forced(), "\"b\"]") << "one is left, and after it none";
}

TEST(Matcher, UniqueListsOfLists) {
  const auto g = compiled_by([](Grammar& grammar) {
    ArrayNode array = bare_array(grammar);
    array.rest = nested_lists(grammar);
    array.unique = true;
    return grammar.array(std::move(array));
  });
  EXPECT_TRUE(takes(g, "[[],[[]]]"));
  EXPECT_FALSE(takes(g, "[[],[]]"));
}

TEST(Matcher, WhenNothingNewIsLeftTheTextEndsOrTheErrorSaysSo) {
  const auto g = compiled_by([](Grammar& grammar) {
    ArrayNode array = bare_array(grammar);
    array.rest =
        grammar.sequence({grammar.literal("{"), grammar.repeat(grammar.literal("a"), 0, 1), grammar.literal("}")});
    array.unique = true;
    return grammar.array(std::move(array));
  });
  Matcher matcher(g, test_vocabulary());
  TokenMask mask;
  ASSERT_TRUE(matcher.accept_bytes("[{},{"));
  matcher.mask(mask);
  EXPECT_FALSE(mask.has(kTestFirstByte + '}'));
  ASSERT_TRUE(matcher.accept_bytes("a},{"));
  EXPECT_FALSE(matcher.accept_bytes("}"));
}

TEST(Matcher, AnItemThatCouldOnlyEndLikeAnotherLeadsNowhere) {
  const auto g = compiled_by([](Grammar& grammar) {
    ArrayNode array = bare_array(grammar);
    array.rest = grammar.sequence(
        {grammar.literal("{"), grammar.repeat(grammar.literal("a"), 0), grammar.literal("b"), grammar.literal("}")});
    array.unique = true;
    return grammar.array(std::move(array));
  });
  Matcher matcher(g, test_vocabulary());
  TokenMask mask;
  ASSERT_TRUE(matcher.accept_bytes("[{ab},{a"));
  matcher.mask(mask);
  EXPECT_TRUE(mask.has(kTestFirstByte + 'b')) << "no mask looks so far ahead";
  EXPECT_FALSE(matcher.leads_on(kTestFirstByte + 'b'));
  EXPECT_TRUE(matcher.leads_on(kTestFirstByte + 'a'));
  ASSERT_TRUE(matcher.accept_bytes("a"));
  EXPECT_TRUE(matcher.leads_on(kTestFirstByte + 'b'));
  EXPECT_EQ(matcher.n_tokens(), 2u) << "nothing was taken";
}

TEST(Matcher, RulesThatBeginWithThemselves) {
  const auto g = compiled_by([](Grammar& grammar) {
    const NodeId sum = grammar.rule("sum"), term = grammar.rule("term");
    grammar.define(sum, grammar.choice({grammar.sequence({sum, grammar.literal("+"), term}), term}));
    grammar.define(term, grammar.choice({grammar.sequence({grammar.literal("("), sum, grammar.literal(")")}),
                                         grammar.literal("1")}));
    return sum;
  });
  for (const char* text : {"1", "1+1+1", "(1+(1))+1"}) EXPECT_TRUE(takes(g, text)) << text;
  for (const char* text : {"", "+1", "1+", "(1", "11"}) EXPECT_FALSE(takes(g, text)) << text;
}

TEST(Matcher, RulesThatBeginWithEachOther) {
  const auto g = compiled_by([](Grammar& grammar) {
    const NodeId a = grammar.rule("a"), b = grammar.rule("b");
    grammar.define(a, grammar.choice({grammar.sequence({b, grammar.literal("x")}), grammar.literal("1")}));
    grammar.define(b, grammar.choice({grammar.sequence({a, grammar.literal("y")}), grammar.literal("2")}));
    return a;
  });
  for (const char* text : {"1", "2x", "1yx", "2xyx", "1yxyx"}) EXPECT_TRUE(takes(g, text)) << text;
  for (const char* text : {"2", "1y", "1x", "2yx"}) EXPECT_FALSE(takes(g, text)) << text;
}

TEST(Matcher, GrammarsThatCannotBe) {
  const auto fails = [](const Build& build, const char* part) {
    try {
      compiled_by(build);
      ADD_FAILURE() << "compiled: " << part;
    } catch (const RequestError& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
  };
  fails([](Grammar& g) { return g.rule("lost"); }, "\"lost\", which is not defined");
  fails(
      [](Grammar& g) {
        const NodeId endless = g.rule("endless");
        g.define(endless, g.sequence({g.literal("("), endless, g.literal(")")}));
        return endless;
      },
      "never ends");
  fails([](Grammar& g) { return g.choice({}); }, "no text satisfies");
}

TEST(Matcher, TokensAcrossSymbolsAndTakingBack) {
  const auto tokens = test_vocabulary();
  const auto g = compiled_by(person);
  Matcher matcher(g, tokens);
  const auto token = [&](std::string_view text) {
    for (TokenId t = 0; t < static_cast<TokenId>(tokens->n_tokens()); ++t)
      if (tokens->bytes(t) == text) return t;
    return TokenId{-1};
  };
  for (const char* text : {"{\"", "name", "\":", "\"", "b\","}) EXPECT_TRUE(matcher.accept(token(text))) << text;
  EXPECT_FALSE(matcher.accept(token("\"}")));
  EXPECT_EQ(matcher.n_tokens(), 5u);
  matcher.rollback(4);
  EXPECT_TRUE(matcher.accept(token("\"}")));
  EXPECT_FALSE(matcher.has_ended());
  EXPECT_TRUE(matcher.accept(kTestStop));
  EXPECT_TRUE(matcher.has_ended());
  EXPECT_FALSE(matcher.accept(token("}}")));
  matcher.rollback(5);
  EXPECT_FALSE(matcher.has_ended());
}

TEST(Matcher, AVocabularyThatLacksWhatIsWanted) {
  TokenTableParts parts;
  parts.bytes = {"", "a", "b"};
  parts.stops = {0};
  Matcher matcher(compiled_by([](Grammar& g) { return g.literal("ac"); }), TokenTable::make(parts));
  TokenMask mask;
  matcher.mask(mask);
  EXPECT_TRUE(mask.has(1));
  EXPECT_TRUE(matcher.accept(1));
  EXPECT_THROW(matcher.mask(mask), RequestError);
}

// What is remembered of a grammar has a limit; texts do not notice when it is forgotten.
TEST(Matcher, LongTextsOfManyStates) {
  const auto tokens = test_vocabulary();
  const auto grammar = compiled_by([](Grammar& g) {
    ArrayNode array = bare_array(g);
    Regexes& r = g.regexes();
    array.rest = g.terminal(r.concat(std::vector{r.literal("\""), any_text(r, Writing::Json, 8, 8), r.literal("\"")}));
    array.unique = true;
    return g.array(std::move(array));
  });
  Matcher matcher(grammar, tokens);
  ASSERT_TRUE(matcher.accept_bytes("["));
  std::mt19937 random(1);
  TokenMask mask;
  size_t most = 0;
  for (int item = 0; item < 300; ++item) {
    std::string text = item == 0 ? "\"" : ",\"";
    for (int i = 0; i < 8; ++i) text.push_back(static_cast<char>('a' + random() % 26));
    for (const char c : text + "\"") {
      matcher.mask(mask);
      ASSERT_TRUE(matcher.accept_bytes({&c, 1})) << item;
    }
    most = std::max(most, grammar->n_bytes());
  }
  EXPECT_LT(most, 20u << 20);
  EXPECT_TRUE(matcher.may_end() == false && matcher.accept_bytes("]") && matcher.may_end());
}

// Expressions that reading makes are forgotten too: a grammar that is used for long goes on.
TEST(Matcher, GrammarsOutliveTheExpressionsOfManyTexts) {
  const auto tokens = test_vocabulary();
  const auto grammar = compiled_by([](Grammar& g) {
    return g.terminal(parse_pattern(g.regexes(), "[ab]*a[ab]{20}c", {Writing::Plain, true}));
  });
  const size_t n_compiled = grammar->n_expressions();
  std::mt19937 random(1);
  size_t before = 0;
  int n_forgotten = 0;
  for (int text = 0; text < 5000 && n_forgotten < 1; ++text) {
    Matcher matcher(grammar, tokens);
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(matcher.accept_bytes(random() % 2 == 0 ? "a" : "b")) << i;
    const size_t n = grammar->n_expressions();
    if (n < before) ++n_forgotten;
    EXPECT_GE(n, n_compiled);
    before = n;
  }
  EXPECT_EQ(n_forgotten, 1) << "the test shows nothing if there is no need to forget";
}

TEST(Matcher, ThreadsShareAGrammar) {
  const auto tokens = test_vocabulary();
  const auto grammar = compiled_by(person);
  const auto walk = [&](uint32_t seed) {
    std::mt19937 random(seed);
    TokenMask mask;
    for (int n = 0; n < 20; ++n) {
      Matcher matcher(grammar, tokens);
      for (int i = 0; i < 20 && !matcher.has_ended(); ++i) {
        matcher.mask(mask);
        TokenId token;
        do token = static_cast<TokenId>(random() % tokens->n_tokens());
        while (!mask.has(token));
        EXPECT_TRUE(matcher.accept(token));
      }
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i) threads.emplace_back(walk, i);
  for (std::thread& thread : threads) thread.join();
}

// The mask is the set of tokens that are accepted, wherever a random text leads.
void masks_are_what_is_accepted(const Build& build, uint32_t seed) {
  const auto tokens = test_vocabulary();
  const auto grammar = compiled_by(build);
  std::mt19937 random(seed);
  for (int walk = 0; walk < 30; ++walk) {
    Matcher matcher(grammar, tokens);
    TokenMask mask;
    for (int n = 0; n < 40 && !matcher.has_ended(); ++n) {
      matcher.mask(mask);
      std::vector<TokenId> allowed;
      for (TokenId t = 0; t < static_cast<TokenId>(tokens->n_tokens()); ++t) {
        Matcher copy = matcher;
        const bool accepted = copy.accept(t);
        ASSERT_EQ(accepted, mask.has(t)) << "token " << t << " \"" << tokens->bytes(t) << "\"";
        if (accepted) allowed.push_back(t);
      }
      ASSERT_FALSE(allowed.empty());
      ASSERT_TRUE(matcher.accept(allowed[random() % allowed.size()]));
    }
  }
}

TEST(Matcher, MasksAreWhatIsAccepted) {
  masks_are_what_is_accepted(nested_lists, 1);
  masks_are_what_is_accepted(person, 2);
  masks_are_what_is_accepted(unique_letters, 3);
  masks_are_what_is_accepted(
      [](Grammar& g) {  // bare texts of at most two characters that may not come twice
        ArrayNode array = bare_array(g);
        array.rest = g.terminal(parse_pattern(g.regexes(), "[^,\\]]{1,2}", {Writing::Plain, true}));
        array.unique = true;
        return g.array(std::move(array));
      },
      9);
  masks_are_what_is_accepted(
      [](Grammar& g) {  // lists that may not come twice, of any depth
        ArrayNode array = bare_array(g);
        array.rest = nested_lists(g);
        array.unique = true;
        return g.array(std::move(array));
      },
      8);
  masks_are_what_is_accepted(
      [](Grammar& g) {  // strings of at most three characters
        Regexes& r = g.regexes();
        return g.terminal(r.concat(std::vector{r.literal("\""), any_text(r, Writing::Json, 0, 3), r.literal("\"")}));
      },
      4);
  masks_are_what_is_accepted(
      [](Grammar& g) {  // text, a control token, and text
        Regexes& r = g.regexes();
        return g.sequence({g.terminal(any_text(r, Writing::Plain)), g.terminal(r.control(0)), g.literal("abc")});
      },
      5);
  masks_are_what_is_accepted(
      [](Grammar& g) {  // words between spaces: tokens that end one and go on
        Regexes& r = g.regexes();
        const NodeId word = g.terminal(any_text(r, Writing::Plain, 1, 3));
        const NodeId more = g.rule("more");
        g.define(more, g.choice({g.literal(")"), g.sequence({g.literal(" "), word, more})}));
        return g.sequence({word, more});
      },
      6);
  masks_are_what_is_accepted(
      [](Grammar&
             g) {  // text up to a semicolon, which loops, and one more byte: the state behind a character is an old one
        return g.terminal(parse_pattern(g.regexes(), "[^;]*;\\n", {Writing::Plain, true}));
      },
      7);
}

}  // namespace
}  // namespace facet::constraint
