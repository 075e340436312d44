#include "runtime/divergence.h"

#include <cmath>

#include "base/error.h"
#include "runtime/perplexity.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

const std::string kText =
    "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse, and "
    "nothing "
    "particular to interest me on shore, I thought I would sail about a little and see the watery part of the world.";

TEST(KlDivergence, IsThatOfTheDistributions) {
  // p = (1/2, 1/4, 1/4), q = (1/4, 1/2, 1/4), shifted, which changes no distribution.
  const std::vector<float> p = {std::log(2.0f), 0, 0}, q = {7, 7 + std::log(2.0f), 7};
  EXPECT_NEAR(kl_divergence(p, q), 0.5 * std::log(2.0) + 0.25 * std::log(0.5), 1e-6);
  EXPECT_NEAR(kl_divergence(p, p), 0, 1e-7);
}

TEST(KlDivergence, WhatIsImpossibleAddsNothing) {
  const std::vector<float> p = {0, -INFINITY, -800}, q = {0, 0, -INFINITY};
  EXPECT_NEAR(kl_divergence(p, q), std::log(2.0), 1e-6);
}

TEST(KlDivergence, WhatIsNoNumberStaysNone) {
  const std::vector<float> good = {0, 1}, bad = {0, NAN};
  EXPECT_TRUE(std::isnan(kl_divergence(good, bad)));
  EXPECT_TRUE(std::isnan(kl_divergence(bad, good)));
}

TEST(DivergenceResult, SharesArePositionsInOrder) {
  DivergenceResult r;
  r.kl = {1, 2, 3, 4};
  EXPECT_EQ(r.mean(), 2.5);
  EXPECT_EQ(r.at(0), 1);
  EXPECT_EQ(r.at(0.5), 2);
  EXPECT_EQ(r.at(0.51), 3);
  EXPECT_EQ(r.at(1), 4);
}

class DivergenceTest : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }
  static std::shared_ptr<const Engine> load(KvPrecision kv) {
    auto options = tiny_options();
    options.kv = kv;
    return Engine::load(tiny_path("tiny-e2b"), options);
  }
};

TEST_F(DivergenceTest, AModelIsNotFarFromItself) {
  const auto engine = load(KvPrecision::F32);
  int n_done = 0;
  const auto r = divergence(engine, engine, kText, {20, 0, [&](int done, int total) {
                                                      EXPECT_EQ(done, ++n_done);
                                                      EXPECT_LE(done, total);
                                                    }});
  EXPECT_EQ(r.kl.size(), static_cast<size_t>(n_done) * 9);  // the second half, but for its last token
  EXPECT_LT(r.at(1), 1e-6);
  EXPECT_EQ(r.n_same_top, static_cast<int64_t>(r.kl.size()));
  EXPECT_EQ(r.n_clear_same, r.n_clear);
  EXPECT_EQ(r.perplexity, r.reference_perplexity);
}

// Chunks of more positions than are held at once give what perplexity() gives, for both.
TEST_F(DivergenceTest, PerplexitiesAreThoseOfTheModels) {
  const auto rough = load(KvPrecision::Q8_0), exact = load(KvPrecision::F32);
  const auto r = divergence(rough, exact, kText + kText, {100, 0, {}});
  EXPECT_GT(r.mean(), 0);
  EXPECT_LT(r.mean(), 0.1);
  EXPECT_NEAR(r.perplexity / perplexity(rough, kText + kText, {100, 0, {}}).perplexity, 1, 1e-5);
  EXPECT_NEAR(r.reference_perplexity / perplexity(exact, kText + kText, {100, 0, {}}).perplexity, 1, 1e-5);
  EXPECT_GT(divergence(rough, exact, kText + kText, {100, 1, {}}).mean(), 0);
}

TEST_F(DivergenceTest, TextsThatAreTooShortAreRefused) {
  const auto engine = load(KvPrecision::F32);
  EXPECT_THROW(divergence(engine, engine, "short", {20, 0, {}}), RequestError);
}

TEST_F(DivergenceTest, ModelsOfDifferentVocabulariesAreRefused) {
  const std::string name = "gemma-3-270m-q4_k_m.gguf";
  SKIP_WITHOUT_ASSET(name);
  const auto other = Engine::load(asset_path(name), tiny_options());
  EXPECT_THROW(divergence(load(KvPrecision::F32), other, kText, {20, 0, {}}), RequestError);
}

}  // namespace
}  // namespace facet::runtime
