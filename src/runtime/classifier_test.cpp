#include "runtime/classifier.h"

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "model/config.h"
#include "runtime/logprobs.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

// Words that a small vocabulary writes with one token and with several, and one that begins another.
const std::vector<std::string> kLabels = {"red", "red car", "red carpet", "blue", "an unusual elephant"};

class ClassifierTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    EngineOptions options = tiny_options();
    use_decode_class(options);  // every way to compute is equal to the bit
    engine_ = Engine::load(tiny_path(GetParam()), options);
  }

  std::vector<double> score(const std::vector<std::string>& labels, const ClassifierOptions& options = {}) {
    return Classifier(engine_, labels, options).score(prompt_);
  }
  std::vector<TokenId> encoded(const std::string& label) const {
    return engine_->tokenizer().encode(label, text::Specials::Forbid);
  }
  std::vector<TokenId> first_tokens(const std::string& label, size_t n) const {
    auto tokens = encoded(label);
    tokens.resize(n);
    return tokens;
  }
  // That an answer begins with the tokens.
  double log_probability(std::span<const TokenId> tokens) const {
    const auto all = all_logits(engine_, joined(prompt_, tokens));
    double sum = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const auto& logits = all[prompt_.size() - 1 + i];
      sum += double{logits[static_cast<size_t>(tokens[i])]} - log_normalizer(logits);
    }
    return sum;
  }

  std::shared_ptr<const Engine> engine_;
  std::vector<TokenId> prompt_ = random_tokens(40, 3);
};

INSTANTIATE_TEST_SUITE_P(Families, ClassifierTest, testing::Values("tiny-e2b", "tiny-31b", "tiny-26b"),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

// The sums run over the same floats, in double precision.
constexpr double kSame = 1e-9;

TEST_P(ClassifierTest, ALabelIsAllItsTokens) {
  ASSERT_GT(encoded("an unusual elephant").size(), encoded("blue").size());
  const auto scores = score({"blue", "an unusual elephant"});
  EXPECT_NEAR(scores[0], log_probability(encoded("blue")), kSame);
  EXPECT_NEAR(scores[1], log_probability(encoded("an unusual elephant")), kSame);
}

TEST_P(ClassifierTest, ALabelThatBeginsAnotherCountsWithoutIt) {
  ASSERT_TRUE(encoded("red") == first_tokens("red car", encoded("red").size()));
  const auto scores = score({"red", "red car", "blue"});
  const double begins_with_red = log_probability(encoded("red"));
  EXPECT_NEAR(scores[1], log_probability(encoded("red car")), kSame);
  EXPECT_NEAR(std::exp(scores[0]) + std::exp(scores[1]), std::exp(begins_with_red), kSame);
  EXPECT_NEAR(score({"red", "blue"})[0], begins_with_red, kSame);
}

TEST_P(ClassifierTest, NeitherOrderNorCompanyMatters) {
  const auto scores = score(kLabels);
  std::vector<size_t> order(kLabels.size());
  std::iota(order.begin(), order.end(), 0);
  std::reverse(order.begin(), order.end());
  std::vector<std::string> labels;
  for (const size_t i : order) labels.push_back(kLabels[i]);
  for (int i = 0; i < 12; ++i) labels.push_back("other " + std::to_string(i));  // more than a step takes
  const auto other = score(labels);
  for (size_t i = 0; i < order.size(); ++i) EXPECT_NEAR(other[i], scores[order[i]], kSame) << labels[i];
}

TEST_P(ClassifierTest, LabelsAreDisjointAnswers) {
  double sum = 0;
  for (const double s : score(kLabels)) sum += std::exp(s);
  EXPECT_GT(sum, 0);
  EXPECT_LE(sum, 1);
  // The whole vocabulary's bytes but for control tokens are not labels of one token each, so take those that are.
  std::vector<std::string> letters;
  for (char c = 'a'; c <= 'z'; ++c) letters.emplace_back(1, c);
  const auto scores = score(letters);
  const auto logits = fresh_logits(engine_, prompt_);
  for (size_t i = 0; i < letters.size(); ++i)
    EXPECT_NEAR(scores[i], double{logits[static_cast<size_t>(encoded(letters[i])[0])]} - log_normalizer(logits), kSame);
}

TEST_P(ClassifierTest, WhatDiffersIsEnoughWhereThatIsAskedFor) {
  const std::vector<std::string> labels = {"blue", "an unusual elephant"};
  Classifier quick(engine_, labels, {.only_what_differs = true});
  const auto scores = quick.score(prompt_);
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(scores[i], log_probability(first_tokens(labels[i], 1)), kSame);
  EXPECT_EQ(quick.stats().n_label_tokens, 0);
  // A label that another begins with needs the token after it.
  Classifier nested(engine_, {"red", "red car", "blue"}, {.only_what_differs = true});
  const auto red = nested.score(prompt_);
  const size_t n_red = encoded("red").size();
  const double begins_with_red = log_probability(encoded("red"));
  const double goes_on = log_probability(first_tokens("red car", n_red + 1));
  EXPECT_NEAR(red[1], goes_on, kSame);
  EXPECT_NEAR(std::exp(red[0]), std::exp(begins_with_red) - std::exp(goes_on), kSame);
}

TEST_P(ClassifierTest, WhatPromptsShareIsComputedOnce) {
  const auto picture = [&](uint64_t key) {
    auto e = std::make_shared<Embedding>();
    e->key = {key, 0};
    e->n_rows = 9;
    e->n_cols = engine_->config().n_embd;
    e->is_bidirectional = engine_->config().bidirectional_media;
    e->values.assign(static_cast<size_t>(e->n_rows * e->n_cols), 0.1f * static_cast<float>(key));
    return e;
  };
  Classifier classifier(engine_, {"blue", "an unusual elephant"});
  const auto score_of = [&](uint64_t key) {
    const std::vector<MediaSpan> media{{25, picture(key)}};
    const auto expected = Classifier(engine_, classifier.labels()).score({prompt_, media});
    const ClassifierStats before = classifier.stats();
    const auto scores = classifier.score({prompt_, media});
    for (size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], kSame);
    EXPECT_EQ(classifier.stats().n_reused - before.n_reused, 25);
    return std::pair(classifier.stats().n_computed - before.n_computed, scores);
  };
  const auto first = score_of(1), second = score_of(2);
  EXPECT_EQ(first.first, 40);
  EXPECT_EQ(second.first, 15);
  EXPECT_NE(first.second, second.second);
  EXPECT_EQ(score_of(3).first, 15);
}

TEST_P(ClassifierTest, ProbabilitiesAddUpToOne) {
  Classifier classifier(engine_, kLabels);
  const auto scores = classifier.score(prompt_);
  const auto expect_one = [&](const std::vector<double>& s) {
    const auto p = classifier.probabilities(s);
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-12);
    return p;
  };
  const auto plain = expect_one(scores);
  EXPECT_NEAR(plain[0] / plain[3], std::exp(scores[0] - scores[3]), 1e-6 * plain[0] / plain[3]);
  // A prompt that is its own baseline favours nothing; what is likelier than the baseline gains by as much.
  const std::vector<double> leaning = {-1, -2, -3, -2, -5};
  classifier.add_baseline(leaning);
  for (const double p : expect_one(leaning)) EXPECT_NEAR(p, 0.2, 1e-12);
  auto other = leaning;
  other[3] += 1;
  const auto p = expect_one(other);
  EXPECT_NEAR(p[3] / p[0], std::exp(1), 1e-9);
  // A label that is out of the question does not become likely by being so without a picture too.
  Classifier lopsided(engine_, kLabels);
  const std::vector<double> never = {-1, -1, -1, -1, -100};
  lopsided.add_baseline(never);
  EXPECT_LT(lopsided.probabilities(never)[4], 1e-9);
}

TEST_P(ClassifierTest, LabelsThatAreNoChoiceAreRefused) {
  const auto message = [&](const std::vector<std::string>& labels) -> std::string {
    try {
      Classifier(engine_, labels);
    } catch (const RequestError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message({}), "there must be at least two labels to choose from");
  EXPECT_EQ(message({"a"}), "there must be at least two labels to choose from");
  EXPECT_EQ(message({"a", "b", "a"}), "the label \"a\" is there twice");
  EXPECT_EQ(message({"a", ""}), "a label is empty");
  EXPECT_EQ(message({"a\xff", "a\xfe"}), "the labels \"a\xff\" and \"a\xfe\" are the same to the model");
}

TEST_P(ClassifierTest, APromptThatDoesNotFitIsRefusedAndTheNextGoesOn) {
  Classifier classifier(engine_, kLabels);
  EXPECT_THROW(classifier.score(random_tokens(300, 1)), RequestError);
  EXPECT_EQ(classifier.score(prompt_), score(kLabels));
}

}  // namespace
}  // namespace facet::runtime
