#include "runtime/perplexity.h"

#include <cmath>

#include "base/error.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

const std::string kText =
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it "
    "was the epoch of belief, it was the epoch of incredulity, it was the season of Light.";

class PerplexityTest : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    engine_ = Engine::load(tiny_path("tiny-e2b"), tiny_options(Backend::Ref));
  }
  std::shared_ptr<const Engine> engine_;
};

// -log p(target) after a prefix, in double.
double surprise(const std::vector<float>& logits, TokenId target) {
  double sum = 0;
  for (const float x : logits) sum += std::exp(double{x});
  return std::log(sum) - logits[static_cast<size_t>(target)];
}

TEST_F(PerplexityTest, IsWhatTheProtocolSays) {
  constexpr int kChunk = 20;
  auto tokens = engine_->tokenizer().encode(kText, text::Specials::Forbid);
  tokens.insert(tokens.begin(), 2);
  const int n_chunks = static_cast<int>(tokens.size()) / kChunk;
  ASSERT_GE(n_chunks, 2);
  ASSERT_NE(tokens.size() % kChunk, 0u);  // a rest to drop
  std::vector<double> all, running;
  for (int chunk = 0; chunk < n_chunks; ++chunk) {
    std::vector<TokenId> part(tokens.begin() + chunk * kChunk, tokens.begin() + (chunk + 1) * kChunk);
    part[0] = 2;
    const auto logits = all_logits(engine_, part);
    for (size_t p = kChunk / 2; p + 1 < kChunk; ++p) all.push_back(surprise(logits[p], part[p + 1]));
    double sum = 0;
    for (const double x : all) sum += x;
    running.push_back(std::exp(sum / static_cast<double>(all.size())));
  }
  double variance = 0;
  for (const double x : all) variance += (x - std::log(running.back())) * (x - std::log(running.back()));
  variance /= static_cast<double>(all.size() * (all.size() - 1));

  std::vector<double> seen;
  PerplexityOptions options{kChunk, 0, [&](int done, int total, double so_far) {
                              EXPECT_EQ(done, static_cast<int>(seen.size()) + 1);
                              EXPECT_EQ(total, n_chunks);
                              seen.push_back(so_far);
                            }};
  const auto got = perplexity(engine_, kText, options);
  EXPECT_EQ(got.n_chunks, n_chunks);
  EXPECT_EQ(got.n_scored, static_cast<int64_t>(all.size()));
  ASSERT_EQ(got.running.size(), running.size());
  EXPECT_EQ(seen, got.running);
  // Sums of f32 exponentials: each is within 2^-23 of itself.
  for (size_t i = 0; i < running.size(); ++i) EXPECT_NEAR(got.running[i] / running[i], 1, 2e-7);
  EXPECT_EQ(got.perplexity, got.running.back());
  EXPECT_NEAR(got.error / (std::sqrt(variance) * running.back()), 1, 1e-5);
  const auto one = perplexity(engine_, kText, {kChunk, 1, {}});
  EXPECT_EQ(one.n_chunks, 1);
  EXPECT_EQ(one.perplexity, got.running[0]);
}

TEST_F(PerplexityTest, TextsAndChunksThatDoNotFitAreRefused) {
  EXPECT_THROW(perplexity(engine_, "short", {20, 0, {}}), RequestError);
  EXPECT_THROW(perplexity(engine_, "", {20, 0, {}}), RequestError);
  EXPECT_THROW(perplexity(engine_, kText, {3, 0, {}}), RequestError);
  EXPECT_THROW(perplexity(engine_, kText, {engine_->context() + 1, 0, {}}), RequestError);
}

}  // namespace
}  // namespace facet::runtime
