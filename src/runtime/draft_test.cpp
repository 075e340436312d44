// Drafting changes no answer, whatever it guesses; only how many steps the answer takes.
#include <map>

#include "base/error.h"
#include "model/config.h"
#include "model/weights.h"
#include "runtime/generate.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

// Makes the most likely token after each token the one that a chain names, and counts steps.
struct Chain {
  std::map<TokenId, TokenId> next;
  std::vector<int32_t> step;  // tokens that are computed together
  const ops::Weight* head = nullptr;
  int n_steps = 0;
};

class ChainOps final : public ops::ForwardingOps {
 public:
  ChainOps(std::unique_ptr<ops::Ops> inner, Chain& chain) : ForwardingOps(std::move(inner)), chain_(chain) {}

  void embed(ops::Mat out, std::span<const int32_t> ids, const ops::Weight& table, int first_col,
             float scale) noexcept override {
    chain_.step.assign(ids.begin(), ids.end());
    ForwardingOps::embed(out, ids, table, first_col, scale);
  }
  void linear(ops::Mat out, ops::ConstMat x, const ops::Weight& w) noexcept override {
    if (chain_.head == nullptr || w.data != chain_.head->data) return ForwardingOps::linear(out, x, w);
    ++chain_.n_steps;
    const auto wanted = std::span(chain_.step).last(static_cast<size_t>(out.n_rows));
    for (int r = 0; r < out.n_rows; ++r) {
      for (int c = 0; c < out.n_cols; ++c) out.row(r)[c] = static_cast<float>(c % 7) / 7;
      if (const auto it = chain_.next.find(wanted[static_cast<size_t>(r)]); it != chain_.next.end())
        out.row(r)[it->second] = 10;
    }
  }

 private:
  Chain& chain_;
};

// The prompt is a text, something else, and how the text began: the answer is the rest of it.
class DraftTest : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    EngineOptions options = tiny_options();
    options.wrap_ops = [this](std::unique_ptr<ops::Ops> op) {
      return std::make_unique<ChainOps>(std::move(op), chain_);
    };
    engine_ = Engine::load(tiny_path("tiny-gemma3"), options);
    chain_.head = &engine_->weights().output;
    text_ = engine_->tokenizer().encode("one two three four five six seven eight nine ten eleven twelve.",
                                        text::Specials::Forbid);
    // A token names its successor, so none may come twice.
    std::vector<TokenId> kept;
    for (const TokenId t : text_)
      if (std::ranges::count(kept, t) == 0) kept.push_back(t);
    text_ = kept;
    ASSERT_GE(text_.size(), 14u);
    for (size_t i = 0; i + 1 < text_.size(); ++i) chain_.next[text_[i]] = text_[i + 1];
    chain_.next[text_.back()] = kEnd;
    prompt_ = joined(joined(std::vector<TokenId>{2}, text_), std::vector<TokenId>{700, 701});
    prompt_ = joined(prompt_, std::span(text_).first(3));
    options_.sampling.temperature = 0;
    options_.stop_tokens = {kEnd};
    rest_.assign(text_.begin() + 3, text_.end());
  }

  struct Outcome {
    GenerateResult result;
    std::vector<std::string> events;
    std::vector<TokenId> session;
    int n_steps;
  };

  Outcome run(int draft_tokens, int context = 0, int end_after = -1) {
    options_.draft_tokens = draft_tokens;
    chain_.n_steps = 0;
    Session session(engine_, context);
    Outcome out;
    out.result = generate(session, prompt_, options_, [&](const GenerateEvent& e) {
      out.events.push_back(e.text);
      return static_cast<int>(out.events.size()) != end_after;
    });
    out.session.assign(session.tokens().begin(), session.tokens().end());
    out.n_steps = chain_.n_steps;
    return out;
  }

  // Drafts of `n` give what none gives; returns the drafting run.
  Outcome expect_equal(int n, int context = 0, int end_after = -1) {
    const Outcome plain = run(0, context, end_after);
    Outcome drafted = run(n, context, end_after);
    EXPECT_EQ(plain.result.stats.n_drafted, 0);
    EXPECT_EQ(drafted.result.tokens, plain.result.tokens);
    EXPECT_EQ(drafted.result.text, plain.result.text);
    EXPECT_EQ(drafted.result.finish, plain.result.finish);
    EXPECT_EQ(drafted.result.stop_token, plain.result.stop_token);
    EXPECT_EQ(drafted.result.stats.n_generated, plain.result.stats.n_generated);
    EXPECT_EQ(drafted.events, plain.events);
    EXPECT_EQ(drafted.session, plain.session);
    return drafted;
  }

  static constexpr TokenId kEnd = 106;
  Chain chain_;
  std::shared_ptr<const Engine> engine_;
  GenerateOptions options_;
  std::vector<TokenId> text_, prompt_, rest_;
};

TEST_F(DraftTest, ACopyTakesFewerSteps) {
  const int n = static_cast<int>(rest_.size());
  const Outcome plain = run(0), drafted = expect_equal(7);
  EXPECT_EQ(drafted.result.tokens, rest_);
  EXPECT_EQ(drafted.result.stop_token, kEnd);
  EXPECT_EQ(plain.n_steps, n + 1);
  // The prompt's last row gives the first token; a step then gives up to eight.
  EXPECT_EQ(drafted.n_steps, 1 + (n + 7) / 8);
  EXPECT_GT(drafted.result.stats.n_accepted, 0);
  // The last draft runs beyond the text, into what stands behind it in the prompt.
  EXPECT_LE(drafted.result.stats.n_accepted, drafted.result.stats.n_drafted);
  options_.draft = Draft::Off;
  EXPECT_EQ(run(7).result.stats.n_drafted, 0);
}

TEST_F(DraftTest, AWrongGuessIsTakenBack) {
  chain_.next[text_[6]] = 900;  // the answer leaves the text
  chain_.next[900] = text_[9];  // and comes back to it
  const Outcome drafted = expect_equal(7);
  EXPECT_GT(drafted.result.stats.n_accepted, 2);
  EXPECT_LT(drafted.result.stats.n_accepted, drafted.result.stats.n_drafted);
  EXPECT_EQ(drafted.result.tokens[4], 900);
}

TEST_F(DraftTest, EndsWhereAPlainAnswerEnds) {
  for (const int n : {1, 2, 4, 7}) {
    for (int max_tokens = 0; max_tokens <= static_cast<int>(rest_.size()) + 2; ++max_tokens) {
      options_.max_tokens = max_tokens;
      expect_equal(n);
    }
    options_.max_tokens = -1;
    for (int room = 0; room <= 9; ++room) expect_equal(n, static_cast<int>(prompt_.size()) + room);
    for (int end_after = 1; end_after <= 9; ++end_after) expect_equal(n, 0, end_after);
    for (size_t i = 0; i < rest_.size(); ++i) {
      options_.stop_tokens = {kEnd, rest_[i]};
      expect_equal(n);
    }
    options_.stop_tokens = {kEnd};
  }
}

TEST_F(DraftTest, AStopStringInsideABundle) {
  const std::string text = run(0).result.text;
  ASSERT_GT(text.size(), 20u);
  for (size_t begin = 4; begin + 5 < text.size(); begin += 3) {
    options_.stop = {text.substr(begin, 5)};  // longer than a token
    const Outcome drafted = expect_equal(7);
    EXPECT_FALSE(drafted.result.stop_token);
    EXPECT_EQ(drafted.result.text, text.substr(0, text.find(options_.stop[0])));
    EXPECT_GT(drafted.result.stats.n_accepted, 0);
  }
}

TEST_F(DraftTest, CancellingInsideABundle) {
  for (const int when : {1, 2, 5}) {
    std::vector<TokenId> tokens[2];
    int positions[2];
    for (const int draft : {0, 1}) {
      std::atomic<bool> cancel{false};
      options_.cancel = &cancel;
      options_.draft_tokens = 7 * draft;
      Session session(engine_);
      int n_events = 0;
      const auto result = generate(session, prompt_, options_, [&](const GenerateEvent&) {
        cancel = ++n_events == when;
        return true;
      });
      EXPECT_EQ(result.finish, FinishReason::Cancelled);
      tokens[draft] = result.tokens;
      positions[draft] = session.position();
    }
    EXPECT_EQ(tokens[1], tokens[0]);
    EXPECT_EQ(tokens[0].size(), static_cast<size_t>(when));
    EXPECT_EQ(positions[1], positions[0]);
  }
}

TEST_F(DraftTest, PenaltiesSeeWhatCameBeforeEachToken) {
  options_.sampling.presence_penalty = 20;  // no token twice: at once the draft is wrong
  options_.max_tokens = 12;
  expect_equal(7);
  options_.sampling.presence_penalty = 0;
  options_.sampling.frequency_penalty = 3;  // the third time is too much
  options_.max_tokens = 30;
  chain_.next[text_.back()] = text_[0];
  options_.n_logprobs = 2;
  const Outcome drafted = expect_equal(4);
  EXPECT_EQ(drafted.result.logprobs.size(), 30u);
}

TEST_F(DraftTest, WhatCannotBeIsRefused) { EXPECT_THROW(run(kMaxDraft + 1), RequestError); }

// Real products, with and without rounded activations: logits are equal to the bit, so are log-probabilities, and
// draws.
void expect_same_answers(const std::shared_ptr<const Engine>& engine, const std::vector<TokenId>& prompt,
                         int max_tokens, std::initializer_list<int> drafts) {
  int n_accepted = 0, n_rejected = 0;
  for (const float temperature : {0.0f, 0.7f}) {
    GenerateOptions options = default_options(*engine);
    options.sampling.temperature = temperature;
    options.sampling.seed = 5;
    options.sampling.repetition_penalty = 1.05f;
    options.stop_tokens.clear();
    options.max_tokens = max_tokens;
    options.n_logprobs = 1;
    options.draft = Draft::Off;
    Session plain_session(engine);
    const auto plain = generate(plain_session, prompt, options);
    EXPECT_EQ(plain.tokens.size(), static_cast<size_t>(max_tokens));
    options.draft = Draft::Lookup;
    for (const int n : drafts) {
      options.draft_tokens = n;
      Session session(engine);
      const auto drafted = generate(session, prompt, options);
      ASSERT_EQ(drafted.tokens, plain.tokens) << "drafts of " << n << ", temperature " << temperature;
      ASSERT_EQ(drafted.text, plain.text);
      for (size_t i = 0; i < plain.logprobs.size(); ++i)
        ASSERT_EQ(drafted.logprobs[i].chosen.logprob, plain.logprobs[i].chosen.logprob) << "token " << i;
      EXPECT_TRUE(std::ranges::equal(session.tokens(), plain_session.tokens()));
      EXPECT_EQ(copy(session.logits()), copy(plain_session.logits()));
      n_accepted += drafted.stats.n_accepted;
      n_rejected += drafted.stats.n_drafted - drafted.stats.n_accepted;
    }
  }
  EXPECT_GT(n_accepted, 0);
  EXPECT_GT(n_rejected, 0);
}

// A prompt that repeats itself, with something else in between.
std::vector<TokenId> repeating(int n) {
  std::vector<TokenId> out = {2};
  for (uint32_t i = 0; i < 6; ++i) out = joined(joined(out, random_tokens(n, 90)), random_tokens(2, 91 + i));
  return out;
}

std::vector<std::string> paths() {
  std::vector<std::string> out;
  for (const std::string& family : families()) out.push_back("checkpoints/" + family);
  out.push_back("tiny-12b/gguf/tiny-12b-q4_0.gguf");
  out.push_back("tiny-26b/gguf/tiny-26b-q4_0.gguf");
  return out;
}

class SameAnswers : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Models, SameAnswers, testing::ValuesIn(paths()), [](const auto& info) {
  std::string name = std::filesystem::path(info.param).filename().string();
  for (char& c : name)
    if (c == '-' || c == '.') c = '_';
  return name;
});

TEST_P(SameAnswers, WithAndWithoutDrafts) {
  SKIP_WITHOUT_GOLDENS();
  EngineOptions options = tiny_options();
  options.n_threads = 2;
  expect_same_answers(Engine::load(golden_path(GetParam()), options), repeating(12), 80, {-1, 1, 2, 4, 7});
}

TEST(SameAnswersOfARealModel, WithAndWithoutDrafts) {
  const std::string name = "gemma-3-270m-q4_k_m.gguf";
  SKIP_WITHOUT_ASSET(name);
  EngineOptions options;
  options.context = 1024;
  const auto engine = Engine::load(asset_path(name), options);
  auto prompt = engine->tokenizer().encode(
      "Apples are red. Pears are green. Plums are blue. Apples are red. Pears are green. Plums are blue. Apples",
      text::Specials::Forbid);
  prompt.insert(prompt.begin(), 2);
  expect_same_answers(engine, prompt, 24, {-1, 5});
}

}  // namespace
}  // namespace facet::runtime
