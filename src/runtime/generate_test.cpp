// The loop from prompt to answer. Most tests write the model's answer themselves: ScriptedOps makes each step's most
// likely token the next of a script.
#include "runtime/generate.h"

#include "base/error.h"
#include "model/config.h"
#include "model/weights.h"
#include "runtime/test_models.h"
#include "text/utf8.h"

namespace facet::runtime {
namespace {

struct Script {
  std::vector<TokenId> tokens;
  size_t next = 0;
  const ops::Weight* head = nullptr;
};

class ScriptedOps final : public ops::ForwardingOps {
 public:
  ScriptedOps(std::unique_ptr<ops::Ops> inner, Script& script) : ForwardingOps(std::move(inner)), script_(script) {}

  void linear(ops::Mat out, ops::ConstMat x, const ops::Weight& w) noexcept override {
    if (script_.head == nullptr || w.data != script_.head->data) return ForwardingOps::linear(out, x, w);
    for (int r = 0; r < out.n_rows; ++r) {
      for (int c = 0; c < out.n_cols; ++c) out.row(r)[c] = static_cast<float>(c % 7) / 7;
      if (script_.next < script_.tokens.size()) out.row(r)[script_.tokens[script_.next++]] = 10;
    }
  }

 private:
  Script& script_;
};

class GenerateTest : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    EngineOptions options = tiny_options();
    options.wrap_ops = [this](std::unique_ptr<ops::Ops> op) {
      return std::make_unique<ScriptedOps>(std::move(op), script_);
    };
    engine_ = Engine::load(tiny_path("tiny-gemma3"), options);
    script_.head = &engine_->weights().output;
    options_.sampling.temperature = 0;
  }

  std::vector<TokenId> encode(std::string_view text) const {
    return engine_->tokenizer().encode(text, text::Specials::Forbid);
  }

  // The tokens of one byte each.
  std::vector<TokenId> bytes(std::string_view text) const {
    std::vector<TokenId> out;
    for (const char c : text)
      out.push_back(engine_->tokenizer().find(fmt::format("<0x{:02X}>", static_cast<unsigned char>(c))).value());
    return out;
  }

  GenerateResult run(std::vector<TokenId> script, int context = 0) {
    script_.tokens = std::move(script);
    script_.next = 0;
    events_.clear();
    session_ = std::make_unique<Session>(engine_, context);
    const auto result = generate(*session_, prompt_, options_, [this](const GenerateEvent& e) {
      events_.push_back(e.text);
      EXPECT_TRUE(text::is_utf8(e.text)) << e.text;
      return true;
    });
    std::string all;
    for (const std::string& text : events_) all += text;
    EXPECT_EQ(all, result.text);
    return result;
  }

  Script script_;
  std::shared_ptr<const Engine> engine_;
  std::unique_ptr<Session> session_;
  GenerateOptions options_;
  std::vector<TokenId> prompt_ = random_tokens(6, 1);
  std::vector<std::string> events_;
};

TEST_F(GenerateTest, StopTokensEndTheAnswerAndAreNoPartOfIt) {
  auto script = encode("Hello world");
  const auto answer = script;
  const TokenId stop = 106;
  script.insert(script.end(), {stop, 500});
  options_.stop_tokens = {1, stop};
  const auto result = run(script);
  EXPECT_EQ(result.finish, FinishReason::Stop);
  EXPECT_EQ(result.stop_token, stop);
  EXPECT_EQ(result.tokens, answer);
  EXPECT_EQ(result.text, "Hello world");
  EXPECT_EQ(result.stats.n_generated, static_cast<int>(answer.size()) + 1);
  EXPECT_TRUE(std::ranges::equal(session_->tokens(), joined(prompt_, answer)));
}

TEST_F(GenerateTest, TheFirstTokenMayEndIt) {
  options_.stop_tokens = {106};
  const auto result = run({106});
  EXPECT_TRUE(result.tokens.empty());
  EXPECT_EQ(result.text, "");
  EXPECT_EQ(result.finish, FinishReason::Stop);
}

TEST_F(GenerateTest, AsManyTokensAsAllowedAndNoStepMore) {
  const auto script = encode("one two three four five six");
  ASSERT_GE(script.size(), 4u);
  for (const int n : {1, 3}) {
    options_.max_tokens = n;
    const auto result = run(script);
    EXPECT_EQ(result.finish, FinishReason::Length);
    EXPECT_TRUE(std::ranges::equal(result.tokens, std::span(script).first(static_cast<size_t>(n))));
    EXPECT_EQ(result.stats.n_generated, n);
    EXPECT_EQ(session_->position(), 6 + n - 1);
    EXPECT_EQ(script_.next, static_cast<size_t>(n));
  }
  options_.max_tokens = 0;
  const auto none = run(script);
  EXPECT_EQ(none.finish, FinishReason::Length);
  EXPECT_TRUE(none.tokens.empty());
  EXPECT_EQ(session_->position(), 6);
}

TEST_F(GenerateTest, AFullContextIsALength) {
  const auto result = run(std::vector<TokenId>(50, 600), 9);
  EXPECT_EQ(result.finish, FinishReason::Length);
  EXPECT_EQ(result.tokens.size(), 4u);  // three that fit behind the prompt, and what follows them
  EXPECT_EQ(session_->position(), 9);
  EXPECT_EQ(run({600}, 6).tokens.size(), 1u);
}

TEST_F(GenerateTest, AnAnswerThatOnlyRepeatsItselfEnds) {
  std::vector<TokenId> script = encode("once upon a time");
  const size_t n = script.size();
  for (int i = 0; i < 100; ++i) script.push_back(600 + i % 3);
  EXPECT_EQ(run(script).tokens.size(), 256u - 6 + 1);  // nobody minds: the context is full
  options_.most_repeated = 30;
  const auto result = run(script);
  EXPECT_EQ(result.tokens.size(), n + 3 + 30);
  EXPECT_EQ(result.finish, FinishReason::Stop);
}

TEST_F(GenerateTest, StopStringsMaySpanTokens) {
  const auto script = encode("Hello world, this is the end of it");
  ASSERT_GE(script.size(), 6u);
  options_.stop = {"never", "orld, th"};
  const auto result = run(script);
  EXPECT_EQ(result.text, "Hello w");
  EXPECT_EQ(result.finish, FinishReason::Stop);
  EXPECT_FALSE(result.stop_token);
  EXPECT_LT(result.tokens.size(), script.size());
}

TEST_F(GenerateTest, TheBeginningOfAStopStringIsShownIfNothingComesOfIt) {
  auto script = encode("wait for the wor");
  script.push_back(106);
  options_.stop = {"world"};
  options_.stop_tokens = {106};
  EXPECT_EQ(run(script).text, "wait for the wor");
  options_.max_tokens = static_cast<int>(script.size()) - 1;
  EXPECT_EQ(run(script).text, "wait for the wor");
}

TEST_F(GenerateTest, CharactersInPiecesComeWhole) {
  auto script = joined(encode("cost: "), bytes("€5"));
  script.push_back(106);
  options_.stop_tokens = {106};
  EXPECT_EQ(run(script).text, "cost: €5");
  // Cut short, each byte that is left is a replacement character.
  script = joined(encode("cost: "), std::span<const TokenId>(bytes("€")).first(2));
  script.push_back(106);
  EXPECT_EQ(run(script).text, "cost: \xef\xbf\xbd\xef\xbf\xbd");
  options_.stop = {"\xef\xbf\xbd"};
  const auto stopped = run(script);
  EXPECT_EQ(stopped.text, "cost: ");
  EXPECT_EQ(stopped.finish, FinishReason::Stop);
}

TEST_F(GenerateTest, HeldBackTextComesInOrder) {
  auto script = joined(encode("a wor"), std::span<const TokenId>(bytes("é")).first(1));
  script.push_back(106);
  options_.stop = {"world"};
  options_.stop_tokens = {106};
  EXPECT_EQ(run(script).text, "a wor\xef\xbf\xbd");
}

TEST_F(GenerateTest, ControlTokensAreNoText) {
  const TokenId turn = 105;
  ASSERT_TRUE(engine_->tokenizer().is_special(turn));
  const auto script = joined(encode("a"), std::vector<TokenId>{turn, 106});
  options_.stop_tokens = {106};
  EXPECT_EQ(run(script).text, "a");
}

TEST_F(GenerateTest, LogprobsOfEveryToken) {
  options_.n_logprobs = 3;
  options_.max_tokens = 4;
  const auto result = run({600, 601, 602, 603});
  ASSERT_EQ(result.logprobs.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    const Logprobs& l = result.logprobs[i];
    EXPECT_EQ(l.chosen.token, result.tokens[i]);
    ASSERT_EQ(l.top.size(), 3u);
    EXPECT_EQ(l.top[0].token, l.chosen.token);
    EXPECT_EQ(l.top[0].logprob, l.chosen.logprob);
    EXPECT_EQ(l.top[1].token, 6);  // the first of the many second best
    EXPECT_NEAR(l.chosen.logprob - l.top[1].logprob, 10 - 6 / 7.0, 1e-5);
  }
  options_.n_logprobs = -1;
  EXPECT_TRUE(run({600, 601}).logprobs.empty());
}

// The model's own, whatever the sampler makes of them.
TEST_F(GenerateTest, LogprobsAreBeforeBias) {
  options_.n_logprobs = 1;
  options_.max_tokens = 1;
  options_.sampling.bias = {{700, 100}};
  const auto result = run({600});
  EXPECT_EQ(result.tokens, (std::vector<TokenId>{700}));
  EXPECT_EQ(result.logprobs[0].chosen.token, 700);
  EXPECT_EQ(result.logprobs[0].top[0].token, 600);
}

TEST_F(GenerateTest, CancellingIsAFinishReason) {
  std::atomic<bool> cancel{true};
  options_.cancel = &cancel;
  EXPECT_EQ(run({600}).finish, FinishReason::Cancelled);
  EXPECT_EQ(session_->position(), 0);

  cancel = false;
  script_ = {std::vector<TokenId>(20, 600), 0, script_.head};
  Session session(engine_);
  int n_events = 0;
  const auto result = generate(session, prompt_, options_, [&](const GenerateEvent&) {
    cancel = ++n_events == 3;
    return true;
  });
  EXPECT_EQ(result.finish, FinishReason::Cancelled);
  EXPECT_EQ(result.tokens.size(), 3u);
  EXPECT_EQ(session.position(), 9);
  EXPECT_EQ(finish_reason_name(result.finish), "cancelled");
}

TEST_F(GenerateTest, WhoeverListensMayEndIt) {
  script_ = {std::vector<TokenId>(20, 600), 0, script_.head};
  Session session(engine_);
  int n_events = 0;
  const auto result = generate(session, prompt_, options_, [&](const GenerateEvent&) { return ++n_events < 3; });
  EXPECT_EQ(result.finish, FinishReason::Stop);
  EXPECT_EQ(result.tokens.size(), 3u);
  EXPECT_EQ(session.position(), 8);
}

TEST_F(GenerateTest, PenaltiesSeeThePromptAndTheAnswer) {
  options_.sampling.presence_penalty = 20;
  options_.max_tokens = 2;
  EXPECT_EQ(run({600, 600}).tokens, (std::vector<TokenId>{600, 6}));
  EXPECT_EQ(run({prompt_[3], 600}).tokens, (std::vector<TokenId>{6, 600}));
}

TEST_F(GenerateTest, WhatCannotBeIsRefused) {
  options_.sampling.bias = {{engine_->config().n_vocab, 1}};
  EXPECT_THROW(run({600}), RequestError);
  options_.sampling.bias = {};
  options_.sampling.top_p = 2;
  EXPECT_THROW(run({600}), RequestError);
  options_.sampling.top_p = 1;
  EXPECT_THROW(run({600}, 3), RequestError);  // the prompt is longer than the context
}

TEST_F(GenerateTest, ASecondTurnComputesWhatIsNew) {
  options_.max_tokens = 5;
  const auto first = run(std::vector<TokenId>(5, 600));
  EXPECT_EQ(first.stats.prompt.n_computed, 6);
  EXPECT_EQ(first.stats.n_prompt, 6);
  EXPECT_GE(first.stats.first_token_seconds, first.stats.prompt_seconds);
  // The answer's last token ended it and was never computed.
  const auto next = joined(joined(prompt_, first.tokens), std::vector<TokenId>{9, 10});
  script_ = {{601, 602}, 0, script_.head};
  options_.max_tokens = 1;
  const auto second = generate(*session_, next, options_);
  EXPECT_EQ(second.stats.prompt.n_reused, 10);
  EXPECT_EQ(second.stats.prompt.n_computed, 3);
  EXPECT_EQ(second.tokens, (std::vector<TokenId>{601}));
}

// The model's own choice, drawn: the same text from the same seed, however many threads compute it.
TEST(Generate, SameSeedSameTextOnAnyThreads) {
  SKIP_WITHOUT_GOLDENS();
  for (const std::string& family : families()) {
    std::vector<TokenId> first;
    for (const int n_threads : {1, 2, 3}) {
      EngineOptions engine_options = tiny_options();
      engine_options.n_threads = n_threads;
      const auto engine = Engine::load(tiny_path(family), engine_options);
      GenerateOptions options = default_options(*engine);
      options.sampling.seed = 7;
      options.max_tokens = 30;
      options.stop_tokens.clear();
      Session session(engine);
      const auto got = generate(session, random_tokens(20, 3), options).tokens;
      EXPECT_EQ(got.size(), 30u);
      if (first.empty()) first = got;
      EXPECT_EQ(got, first) << family << ", " << n_threads << " threads";
      if (n_threads > 1) continue;
      options.sampling.seed = 8;
      EXPECT_NE(generate(session, random_tokens(20, 3), options).tokens, first) << family;
    }
  }
}

TEST(Generate, DefaultsAreTheModels) {
  SKIP_WITHOUT_GOLDENS();
  const auto engine = Engine::load(tiny_path("tiny-e2b"), tiny_options());
  const GenerateOptions options = default_options(*engine);
  EXPECT_EQ(options.sampling.temperature, 1.0f);
  EXPECT_EQ(options.sampling.top_k, 64);
  EXPECT_EQ(options.sampling.top_p, 0.95f);
  EXPECT_EQ(options.sampling.min_p, 0);
  EXPECT_EQ(options.sampling.repetition_penalty, 1);
  for (const TokenId stop : {1, 106, 50}) EXPECT_EQ(std::ranges::count(options.stop_tokens, stop), 1) << stop;
  for (const char* never : {"<pad>", "<bos>", "<unk>", "<mask>", "<|image|>", "<audio|>"})
    EXPECT_EQ(std::ranges::count(options.sampling.suppress, engine->tokenizer().find(never).value()), 1) << never;
}

}  // namespace
}  // namespace facet::runtime
