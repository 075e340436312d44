// Texts that have few tokens left: how far their ends are, and that they come to them in time.
#include <gtest/gtest.h>

#include <random>

#include "constraint/calls/call_grammar.h"
#include "constraint/grammar/gbnf.h"
#include "constraint/matcher/matcher.h"
#include "constraint/matcher/test_hard_ending.h"
#include "constraint/matcher/test_vocabulary.h"
#include "constraint/schema/json_schema.h"

namespace facet::constraint {
namespace {

using SharedGrammar = std::shared_ptr<const CompiledGrammar>;

SharedGrammar of_schema(const char* schema) {
  Grammar g;
  g.set_root(add_schema(g, nlohmann::ordered_json::parse(schema), {}));
  return std::make_shared<const CompiledGrammar>(std::move(g));
}

SharedGrammar of_gbnf(const std::string& text) {
  Grammar g;
  parse_gbnf(g, text);
  return std::make_shared<const CompiledGrammar>(std::move(g));
}

std::optional<size_t> tokens_to_end(const SharedGrammar& grammar, std::string_view begun = "") {
  Matcher matcher(grammar, test_vocabulary());
  EXPECT_TRUE(begun.empty() || matcher.accept_bytes(begun)) << begun;
  return matcher.tokens_to_end();
}

TEST(Closing, CountsTheTokensOfTheShortestEnding) {
  const auto person =
      of_schema(R"({"type": "object", "properties": {"name": {"type": "string"}, "n": {"enum": [12, 100]}},
                                    "required": ["name"], "additionalProperties": false})");
  EXPECT_EQ(tokens_to_end(person), 5u);             // {" name ": " "}
  EXPECT_EQ(tokens_to_end(person, R"({"na)"), 5u);  // m e ": " "}
  EXPECT_EQ(tokens_to_end(person, R"({"name":"Anna)"), 1u);
  EXPECT_EQ(tokens_to_end(person, R"({"name":"Anna",)"), 5u);  // " n ": 12 }
  EXPECT_EQ(tokens_to_end(person, R"({"name":"Anna"})"), 0u);
  const auto lists = of_gbnf("root ::= \"[\" root{0,} \"]\" | \"(\" root root \")\"");
  EXPECT_EQ(tokens_to_end(lists), 2u);
  EXPECT_EQ(tokens_to_end(lists, "[[[["), 4u);
  EXPECT_EQ(tokens_to_end(lists, "(["), 4u);
}

TEST(Closing, OfWhatIsCountedExcludedAndMustDiffer) {
  EXPECT_EQ(tokens_to_end(of_schema(R"({"type": "string", "minLength": 5})"), "\"ab"), 3u);  // two spaces, one, "
  // Looks ahead: the intersection of expressions does not show how long its texts are.
  const auto pattern = of_schema(R"({"type": "string", "pattern": "^(?=.*x.{3}$)(?!....x)[a-z]+$"})");
  EXPECT_EQ(tokens_to_end(pattern), 5u);            // " x a a a"
  EXPECT_EQ(tokens_to_end(pattern, "\"aaaa"), 5u);  // a x a a a"
  const auto unique =
      of_schema(R"({"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": true, "minItems": 3})");
  EXPECT_EQ(tokens_to_end(unique, R"(["a","c)"), 4u);  // "," b " ]
  EXPECT_EQ(tokens_to_end(of_schema(R"({"type": "string", "minLength": 100000})")), std::nullopt) << "too long";
}

// What a search of its end has made is forgotten, and the text goes on.
TEST(Closing, ASearchBeyondTheLimitStopsNoText) {
  Grammar grammar;
  grammar.regexes() = Regexes(9000);
  grammar.set_root(grammar.terminal(hard_to_end(grammar.regexes(), 'a', 'b')));
  Matcher matcher(std::make_shared<const CompiledGrammar>(std::move(grammar)), test_vocabulary());
  TokenMask mask;
  for (int i = 0; i < 20; ++i) {
    EXPECT_THROW(matcher.tokens_to_end(), RequestError) << i;
    ASSERT_NO_THROW(matcher.mask(mask)) << i;
    ASSERT_TRUE(matcher.accept_bytes(i % 3 == 0 ? "a" : "b"));
  }
}

TEST(Closing, AGrammarOfHardPartsLeavesTheTextItsExpressions) {
  Grammar grammar;
  std::vector<NodeId> parts;
  for (char c = 'a'; c < 'y'; c = static_cast<char>(c + 2))
    parts.push_back(grammar.terminal(hard_to_end(grammar.regexes(), c, static_cast<char>(c + 1))));
  grammar.set_root(grammar.choice(parts));
  const auto compiled = std::make_shared<const CompiledGrammar>(std::move(grammar));
  Matcher matcher(compiled, test_vocabulary());
  EXPECT_EQ(matcher.tokens_to_end(), std::nullopt);
  EXPECT_LT(compiled->n_expressions(), 70'000u);
  ASSERT_TRUE(matcher.accept_bytes("gghh"));
}

// A text of random tokens that may come, of which those are left out that leave no room.
std::string short_text(const SharedGrammar& grammar, size_t limit, std::mt19937& random) {
  const auto tokens = test_vocabulary();
  Matcher matcher(grammar, tokens);
  TokenMask mask;
  std::string text;
  while (matcher.n_tokens() < limit && !matcher.has_ended()) {
    const size_t n_left = limit - matcher.n_tokens();
    matcher.closing_mask(mask, n_left);
    std::vector<TokenId> allowed;
    for (TokenId t = 0; t < static_cast<TokenId>(tokens->n_tokens()); ++t)
      if (mask.has(t)) allowed.push_back(t);
    if (allowed.empty()) return "stuck: " + text;
    const TokenId token = allowed[random() % allowed.size()];
    EXPECT_TRUE(matcher.can_end_within(n_left - 1, token));
    if (!matcher.accept(token)) return "refused: " + text;
    if (!matcher.has_ended()) text += tokens->bytes(token);
  }
  return matcher.has_ended() || matcher.may_end() ? text : "cut: " + text;
}

TEST(Closing, TextsEndInTimeWhereTheShortestFits) {
  const SharedGrammar grammars[] = {
      of_schema(
          R"({"type": "object", "properties": {"name": {"type": "string"}, "of": {"$ref": "#"}, "at": {"type": "number"}},
                    "required": ["name", "at"]})"),
      of_schema(R"({"type": "object", "minProperties": 3, "propertyNames": {"pattern": "^[a-c]{1,2}$"},
                    "additionalProperties": {"type": "boolean"}})"),
      of_schema(
          R"({"type": "array", "items": {"type": "string", "maxLength": 2}, "uniqueItems": true, "minItems": 4})"),
      of_schema(
          R"({"type": "array", "prefixItems": [{"const": "one"}, {"multipleOf": 7, "minimum": 50}], "minItems": 3})"),
      of_schema(R"({"anyOf": [{"type": "string", "format": "date"}, {"type": "array", "items": {"$ref": "#"}}]})"),
      of_gbnf("root ::= (\"ab\" | [c-e]{3,7} | \"(\" root \")\") (\" \" root)?"),
  };
  std::mt19937 random(1);
  for (size_t i = 0; i < std::size(grammars); ++i) {
    const auto least = tokens_to_end(grammars[i]);
    ASSERT_TRUE(least.has_value()) << i;
    for (int n = 0; n < 60; ++n) {
      const std::string text = short_text(grammars[i], *least + random() % 20, random);
      Matcher whole(grammars[i], test_vocabulary());
      EXPECT_TRUE(whole.accept_bytes(text) && whole.may_end()) << "grammar " << i << ": " << text;
    }
  }
}

TEST(Closing, MasksHoldAllThatLeavesRoom) {
  const auto tokens = test_vocabulary();
  Matcher matcher(of_schema(R"({"type": "array", "items": {"type": "string"}, "minItems": 1})"), tokens);
  ASSERT_TRUE(matcher.accept_bytes("[\"a"));
  TokenMask all, narrow;
  matcher.mask(all);
  for (const size_t n_left : {1u, 2u, 3u, 8u, 5000u}) {
    EXPECT_EQ(matcher.can_end_within(n_left), n_left > 1) << n_left;
    if (n_left == 1) continue;
    matcher.closing_mask(narrow, n_left);
    for (TokenId t = 0; t < static_cast<TokenId>(tokens->n_tokens()); ++t)
      EXPECT_EQ(narrow.has(t), all.has(t) && matcher.can_end_within(n_left - 1, t)) << n_left << ": " << t;
  }
}

}  // namespace
}  // namespace facet::constraint
