// What an answer may be: grammars, thoughts and their budgets, tokens that are taken unasked.
#include "runtime/output_rules.h"

#include <regex>

#include "base/error.h"
#include "constraint/grammar/gbnf.h"
#include "constraint/matcher/test_hard_ending.h"
#include "constraint/schema/json_schema.h"
#include "runtime/generate.h"
#include "runtime/grammar_guide.h"
#include "runtime/test_models.h"
#include "runtime/token_table.h"

namespace facet::runtime {
namespace {

using constraint::Grammar;
using Thought = OutputRules::Thought;

// GBNF of the right-hand side of the root.
std::shared_ptr<const constraint::CompiledGrammar> grammar_of(const std::string& root) {
  Grammar grammar;
  constraint::parse_gbnf(grammar, "root ::= " + root);
  return std::make_shared<constraint::CompiledGrammar>(std::move(grammar));
}

class OutputRulesTest : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    engine_ = Engine::load(tiny_path("tiny-e2b"), tiny_options());
    begin_ = id("<|channel>");
    end_ = id("<channel|>");
    stop_ = id("<turn|>");
  }

  TokenId id(std::string_view piece) const { return engine_->tokenizer().find(piece).value(); }
  std::vector<TokenId> encode(std::string_view text) const {
    return engine_->tokenizer().encode(text, text::Specials::Forbid);
  }
  TokenId one(std::string_view text) const {
    const auto ids = encode(text);
    EXPECT_EQ(ids.size(), 1u) << text;
    return ids.front();
  }

  OutputGuide guide(OutputRules rules, int max_tokens = 1000) const { return {rules, *engine_, max_tokens}; }

  std::shared_ptr<const Engine> engine_;
  TokenId begin_ = 0, end_ = 0, stop_ = 0;
};

TEST_F(OutputRulesTest, AnAnswerThatIsToEndTakesItsShortestEnding) {
  const TokenId a = one("a"), close = one("]");
  auto text = guide({.is_chat = true});
  text.take(a);
  EXPECT_TRUE(text.end_soon());

  auto list = guide({.grammar = grammar_of(R"("a"+ "]")"), .is_chat = true});
  list.take(a);
  EXPECT_TRUE(list.leaves_room(a));
  EXPECT_FALSE(list.end_soon());
  EXPECT_FALSE(list.leaves_room(a));
  EXPECT_TRUE(list.closing().has(close));
  EXPECT_FALSE(list.closing().has(a));
  list.take(close);
  EXPECT_TRUE(list.end_soon());
}

TEST_F(OutputRulesTest, AThoughtThatIsToEndLeavesTheAnswerItsRoom) {
  auto g = guide({.is_chat = true, .thought = Thought::Allowed});
  g.take(begin_);
  g.take(one("a"));
  EXPECT_FALSE(g.end_soon());
  for (int i = 0; i < 16 && g.forced().empty(); ++i) g.take(one("a"));
  ASSERT_EQ(std::vector(g.forced().begin(), g.forced().end()), std::vector{end_});
  g.take(end_);
  EXPECT_TRUE(g.allowed().has(one("a")));
}

TEST_F(OutputRulesTest, AThoughtComesFirstWhereOneIsAllowed) {
  const auto grammar = grammar_of(R"("yes" | "no")");
  const TokenId y = one("y"), x = one("x");
  auto without = guide({.grammar = grammar, .is_chat = true});
  EXPECT_TRUE(without.allowed().has(y));
  EXPECT_FALSE(without.allowed().has(begin_));

  auto with = guide({.grammar = grammar, .is_chat = true, .thought = Thought::Allowed});
  EXPECT_TRUE(with.allowed().has(y));
  EXPECT_TRUE(with.allowed().has(begin_));
  EXPECT_FALSE(with.allowed().has(x));
  with.take(begin_);
  EXPECT_TRUE(with.allowed().has(x));
  EXPECT_TRUE(with.allowed().has(end_));
  for (const TokenId t : {begin_, stop_, id("<eos>"), id("<|tool_call>"), id("<|turn>")})
    EXPECT_FALSE(with.allowed().has(t)) << t;
  with.take(x);
  with.take(end_);
  EXPECT_TRUE(with.allowed().has(y));
  EXPECT_FALSE(with.allowed().has(x));
  EXPECT_FALSE(with.allowed().has(begin_));

  auto open = guide({.grammar = grammar, .is_chat = true, .thought = Thought::Open});
  EXPECT_TRUE(open.allowed().has(x));
  EXPECT_TRUE(open.allowed().has(end_));
}

TEST_F(OutputRulesTest, WithoutAGrammarMarkersHaveNoPlace) {
  auto chat = guide({.is_chat = true});
  for (const std::string_view name : {"<|channel>", "<channel|>", "<|tool_call>", "<|\"|>", "<|turn>", "<|tool>"})
    EXPECT_FALSE(chat.allowed().has(id(name))) << name;
  EXPECT_TRUE(chat.allowed().has(stop_));
  EXPECT_TRUE(chat.allowed().has(one("x")));
  auto raw = guide({});
  EXPECT_EQ(raw.allowed().count(), static_cast<size_t>(engine_->tokenizer().n_tokens()));
}

// Tokens of a thought after which its end was forced.
int thought_length(OutputGuide guide, std::span<const TokenId> tokens, TokenId end) {
  for (size_t n = 0;; ++n) {
    if (const auto forced = guide.forced(); !forced.empty()) {
      EXPECT_EQ(forced.front(), end);
      guide.take(end);
      EXPECT_TRUE(guide.forced().empty());
      return static_cast<int>(n);
    }
    if (n == 500) return -1;
    guide.take(tokens[n % tokens.size()]);
  }
}

TEST_F(OutputRulesTest, ABudgetLetsASentenceEnd) {
  OutputRules rules{.is_chat = true, .thought = Thought::Open, .thought_budget = 20};
  const TokenId x = one("x"), dot = one("."), line = one("\n");
  const std::vector<TokenId> endless(8, x), sentences = {x, x, x, x, x, x, dot}, lines = {x, x, x, x, line};
  EXPECT_EQ(thought_length(guide(rules), endless, end_), 36);
  EXPECT_EQ(thought_length(guide(rules), sentences, end_), 21);
  EXPECT_EQ(thought_length(guide(rules), lines, end_), 20);
  rules.thought_budget = -1;
  EXPECT_EQ(thought_length(guide(rules), endless, end_), -1);
  // A quarter is the answer's.
  EXPECT_EQ(thought_length(guide(rules, 100), endless, end_), 75);
  rules.answer_reserve = 40;
  EXPECT_EQ(thought_length(guide(rules, 100), endless, end_), 60);
  EXPECT_EQ(thought_length(guide(rules, 100), sentences, end_), 49);
}

// No ending that long is looked for, however near the limit is: the answer goes on, and is cut.
TEST_F(OutputRulesTest, AnEndingThatIsTooLongIsNone) {
  GrammarGuide guide(grammar_of("[a-z]{5000}"), *engine_);
  for (const int n_left : {5000, 4096, 4095, 100}) EXPECT_TRUE(guide.leaves_room(one("x"), n_left)) << n_left;
}

// What goes beyond the limits of the grammar is the search alone: the text does not.
TEST_F(OutputRulesTest, AnEndingThatIsTooHardToFindIsNone) {
  Grammar hard;
  hard.regexes() = constraint::Regexes(9000);
  hard.set_root(hard.terminal(constraint::hard_to_end(hard.regexes(), 'a', 'b')));
  const auto grammar = std::make_shared<constraint::CompiledGrammar>(std::move(hard));
  OutputGuide answer = guide({.grammar = grammar, .is_chat = true, .thought = Thought::Allowed}, 40);
  GrammarGuide text(grammar, *engine_);
  EXPECT_EQ(text.tokens_to_end(), std::nullopt);
  for (int n_left = 39; n_left > 20; --n_left) {
    EXPECT_TRUE(answer.leaves_room(one("a")) && text.leaves_room(one("a"), n_left)) << n_left;
    ASSERT_TRUE(text.allowed().has(one("a"))) << n_left;
    text.take(one("a"));
    answer.take(one("a"));
  }
}

TEST_F(OutputRulesTest, AThoughtLeavesRoomForAnAnswerLongerThanAQuarter) {
  const auto grammar = grammar_of("[0-9]{40}");
  const auto shortest = static_cast<int>(GrammarGuide(grammar, *engine_).tokens_to_end().value());
  ASSERT_GT(shortest, 25);
  const int n = thought_length(guide({.grammar = grammar, .is_chat = true, .thought = Thought::Open}, 100),
                               std::vector<TokenId>(8, one("x")), end_);
  EXPECT_EQ(n, 100 - shortest - 1);
}

TEST_F(OutputRulesTest, ABudgetIsForAllThoughtsTogether) {
  auto thinker = guide({.is_chat = true, .thought = Thought::Allowed, .thought_budget = 4});
  const TokenId x = one("x");
  for (const TokenId t : {begin_, x, x, end_, x}) thinker.take(t);
  EXPECT_TRUE(thinker.allowed().has(begin_));
  for (const TokenId t : {begin_, x, end_, x}) thinker.take(t);
  EXPECT_FALSE(thinker.allowed().has(begin_));
}

TEST_F(OutputRulesTest, WhatMustComeIsKnownBeforehand) {
  auto fixed = guide({.grammar = grammar_of(R"("one two three")"), .is_chat = true});
  const auto all = encode("one two three");
  EXPECT_TRUE(std::ranges::equal(fixed.forced(), all));
  for (const TokenId t : all) fixed.take(t);
  ASSERT_EQ(fixed.forced().size(), 1u);
  EXPECT_TRUE(std::ranges::count(engine_->defaults().stop_tokens, fixed.forced().front()) == 1);

  // "three" may be the beginning of "threefold": its last token is left open.
  auto open = guide({.grammar = grammar_of(R"("one two three" [a-z]*)"), .is_chat = true});
  const auto known = encode("one two three");
  EXPECT_TRUE(std::ranges::equal(open.forced(), std::span(known).first(known.size() - 1)));

  auto choice = guide({.grammar = grammar_of(R"("one" | "two")"), .is_chat = true});
  EXPECT_TRUE(choice.forced().empty());
  // With a thought allowed there is a choice.
  EXPECT_TRUE(
      guide({.grammar = grammar_of(R"("one")"), .is_chat = true, .thought = Thought::Allowed}).forced().empty());
}

TEST_F(OutputRulesTest, AGuessIsCutWhereItIsWrong) {
  auto guide_ = guide({.grammar = grammar_of(R"("one two " [a-z]+)"), .is_chat = true});
  auto guess = encode("one two xyz");
  const size_t n = guess.size();
  EXPECT_EQ(guide_.n_allowed(guess), n);
  const auto wrong = encode("7");
  guess.insert(guess.end(), wrong.begin(), wrong.end());
  EXPECT_EQ(guide_.n_allowed(guess), n);
  EXPECT_EQ(guide_.n_allowed(wrong), 0u);
  EXPECT_TRUE(guide_.allowed().has(guess.front()));  // nothing was taken
}

TEST_F(OutputRulesTest, TokensStandForTheirBytes) {
  const auto& tokenizer = engine_->tokenizer();
  const auto parts = token_table_parts(tokenizer, engine_->defaults().stop_tokens);
  ASSERT_EQ(parts.bytes.size(), static_cast<size_t>(tokenizer.n_tokens()));
  EXPECT_EQ(parts.bytes[static_cast<size_t>(id("<0xE2>"))], "\xe2");
  EXPECT_EQ(parts.bytes[static_cast<size_t>(id("<|turn>"))], "");
  EXPECT_EQ(parts.bytes[static_cast<size_t>(stop_)], "");
  EXPECT_EQ(parts.controls, (std::vector<TokenId>{id("<|tool_call>"), id("<tool_call|>"), id("<|\"|>")}));
  std::string text;
  for (const TokenId t : encode("a b  c\nü")) text += parts.bytes[static_cast<size_t>(t)];
  EXPECT_EQ(text, "a b  c\nü");
}

class RuledAnswer : public OutputRulesTest {
 protected:
  GenerateResult run(const OutputRules& rules, uint64_t seed, Draft draft = Draft::Lookup, int max_tokens = 120,
                     std::vector<LogitBias> bias = {}) {
    Session session(engine_);
    GenerateOptions options = default_options(*engine_);
    options.sampling.seed = seed;
    options.sampling.temperature = seed == 0 ? 0 : 1.5f;
    options.max_tokens = max_tokens;
    options.sampling.bias = std::move(bias);
    options.draft = draft;
    options.rules = rules;
    return generate(session, random_tokens(9, 3), options);
  }
};

// The model's weights are random: what it would like to say is nonsense.
TEST_F(RuledAnswer, IsAlwaysOfTheGrammar) {
  const struct {
    const char *grammar, *pattern;
  } cases[] = {
      {R"("{\"name\":\"" [a-z]{1,8} "\",\"age\":" [1-9] [0-9]? "}")", R"(\{"name":"[a-z]{1,8}","age":[1-9][0-9]?\})"},
      {R"(colour (", " colour){2}
colour ::= "red" | "green" | "blue")",
       "(red|green|blue)(, (red|green|blue)){2}"},
      {"[0-9]{4} \"-\" [0-9]{2}", "[0-9]{4}-[0-9]{2}"},
  };
  for (const auto& c : cases)
    for (uint64_t seed = 0; seed < 12; ++seed) {
      const auto result = run({.grammar = grammar_of(c.grammar), .is_chat = true}, seed);
      EXPECT_EQ(result.finish, FinishReason::Stop);
      EXPECT_TRUE(std::regex_match(result.text, std::regex(c.pattern))) << c.pattern << "\n" << result.text;
    }
}

// What the model says again and again is an item once.
TEST_F(RuledAnswer, ItemsThatMustDifferDoWhereTheirLastMemberDecides) {
  const auto schema = constraint::SchemaJson::parse(R"({"type":"array","uniqueItems":true,"minItems":4,"maxItems":4,
    "items":{"type":"object","properties":{"a":{"type":"string","pattern":"^[ab]*$"}},"required":["a"],
             "additionalProperties":false}})");
  Grammar grammar;
  grammar.set_root(constraint::add_schema(grammar, schema, {}));
  const auto compiled = std::make_shared<constraint::CompiledGrammar>(std::move(grammar));
  for (uint64_t seed = 0; seed < 12; ++seed) {
    // The shortest come first, so that all of few letters are used up.
    GenerateResult result;
    ASSERT_NO_THROW(result = run({.grammar = compiled, .is_chat = true}, seed, Draft::Lookup, 200, {{one("\""), 20}}));
    EXPECT_EQ(result.finish, FinishReason::Stop);
    const auto items = constraint::SchemaJson::parse(result.text);
    for (size_t i = 0; i < items.size(); ++i)
      for (size_t k = 0; k < i; ++k) EXPECT_NE(items[i], items[k]) << result.text;
  }
}

TEST_F(RuledAnswer, IsTheSameWithAndWithoutComputingAhead) {
  const auto grammar =
      grammar_of(R"("{\"first name\":\"" [a-z]{1,5} "\",\"last name\":\"" [a-z]{1,5} "\",\"age\":" [1-9] [0-9]? "}")");
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const auto plain = run({.grammar = grammar, .is_chat = true}, seed, Draft::Off);
    const auto ahead = run({.grammar = grammar, .is_chat = true}, seed, Draft::Lookup);
    EXPECT_EQ(plain.tokens, ahead.tokens);
    EXPECT_EQ(plain.text, ahead.text);
    EXPECT_EQ(plain.stop_token, ahead.stop_token);
    EXPECT_EQ(plain.stats.n_forced, ahead.stats.n_forced);
    EXPECT_GT(ahead.stats.n_forced, 10);
  }
}

TEST_F(RuledAnswer, ThinksWithinItsBudget) {
  OutputRules rules{
      .grammar = grammar_of(R"("yes" | "no")"), .is_chat = true, .thought = Thought::Open, .thought_budget = 10};
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const auto result = run(rules, seed);
    EXPECT_EQ(result.finish, FinishReason::Stop);
    EXPECT_TRUE(result.text.ends_with("yes") || result.text.ends_with("no")) << result.text;
    const auto end = std::ranges::find(result.tokens, end_);
    ASSERT_NE(end, result.tokens.end());
    EXPECT_LE(end - result.tokens.begin(), 26);
  }
}

TEST_F(RuledAnswer, EndsAsSoonAsNothingCanFollow) {
  const auto result = run({.grammar = grammar_of(R"("one two three")"), .is_chat = true}, 1);
  EXPECT_EQ(result.text, "one two three");
  EXPECT_TRUE(result.stop_token.has_value());
  const int n = static_cast<int>(result.tokens.size());
  EXPECT_EQ(run({.grammar = grammar_of(R"("one two three")"), .is_chat = true}, 1, Draft::Lookup, n).finish,
            FinishReason::Stop);
  EXPECT_EQ(run({.grammar = grammar_of(R"("one two three")"), .is_chat = true}, 1, Draft::Lookup, n - 1).finish,
            FinishReason::Length);
}

TEST_F(RuledAnswer, AForbiddenAnswerIsAnError) {
  Session session(engine_);
  GenerateOptions options = default_options(*engine_);
  options.rules = {.grammar = grammar_of("[0-9]"), .is_chat = true};
  for (int digit = 0; digit < 10; ++digit)
    options.sampling.bias.push_back({one(std::to_string(digit)), -std::numeric_limits<float>::infinity()});
  for (int byte = '0'; byte <= '9'; ++byte)
    options.sampling.bias.push_back({id(fmt::format("<0x{:02X}>", byte)), -std::numeric_limits<float>::infinity()});
  EXPECT_THROW(generate(session, random_tokens(9, 3), options), RequestError);
}

}  // namespace
}  // namespace facet::runtime
