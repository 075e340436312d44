#include "runtime/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "base/error.h"
#include "runtime/logprobs.h"

namespace facet::runtime {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();

// Every filter off.
SamplingParams plain(float temperature = 1) {
  SamplingParams p;
  p.temperature = temperature;
  p.top_k = 0;
  p.top_p = 1;
  return p;
}

std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> out;
  for (const double p : probabilities) out.push_back(static_cast<float>(std::log(p)));
  return out;
}

std::vector<float> random_logits(size_t n, uint32_t seed, float deviation = 3) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> out(n);
  for (float& x : out) x = normal(random);
  return out;
}

std::vector<int> draw(SamplingParams params, const std::vector<float>& logits, int n,
                      const std::vector<TokenId>& history = {}) {
  Sampler sampler(std::move(params));
  std::vector<int> counts(logits.size());
  for (int i = 0; i < n; ++i) ++counts[static_cast<size_t>(sampler.sample(logits, history))];
  return counts;
}

// The tokens that can come at all.
std::vector<TokenId> support(const SamplingParams& params, const std::vector<float>& logits,
                             const std::vector<TokenId>& history = {}) {
  std::vector<TokenId> out;
  const auto counts = draw(params, logits, 4000, history);
  for (size_t t = 0; t < counts.size(); ++t)
    if (counts[t] > 0) out.push_back(static_cast<TokenId>(t));
  return out;
}

// Pearson's statistic against its limit by Wilson and Hilferty's approximation at 5 standard deviations: a right
// sampler is over it once in 3.5 million seeds. The seed is fixed, so a failure is a fault or a changed generator.
void expect_distribution(const std::vector<int>& counts, std::vector<double> p, int n) {
  double total = 0, chi_squared = 0;
  for (const double x : p) total += x;
  int freedom = -1;
  for (size_t t = 0; t < p.size(); ++t) {
    const double expected = p[t] / total * n;
    if (p[t] == 0) {
      EXPECT_EQ(counts[t], 0) << "token " << t;
      continue;
    }
    ASSERT_GE(expected, 5) << "too few draws for the approximation";
    chi_squared += (counts[t] - expected) * (counts[t] - expected) / expected;
    ++freedom;
  }
  const double k = freedom, limit = k * std::pow(1 - 2 / (9 * k) + 5 * std::sqrt(2 / (9 * k)), 3);
  EXPECT_LT(chi_squared, limit) << freedom << " degrees of freedom";
}

TEST(Argmax, LowestOfEqualsAndNeverNan) {
  EXPECT_EQ(argmax(std::vector<float>{1, 3, 2, 3}), 1);
  EXPECT_EQ(argmax(std::vector<float>{kNan, -2, kNan, -1, kNan}), 3);
  EXPECT_EQ(argmax(std::vector<float>{-kInf, -kInf, -7}), 2);
  EXPECT_EQ(argmax(std::vector<float>{kNan, -kInf}), 1);
  EXPECT_EQ(argmax(std::vector<float>{-kInf, 5, kInf}), 2);
  for (size_t n = 1; n < 200; ++n) {
    auto x = random_logits(n, static_cast<uint32_t>(n));
    EXPECT_EQ(argmax(x), std::max_element(x.begin(), x.end()) - x.begin()) << n;
  }
}

TEST(TopTokens, AreTheFirstOfASort) {
  TopTokens top;
  std::vector<Candidate> got;
  for (const size_t n : {1, 63, 64, 65, 1000, 5000}) {
    auto logits = random_logits(n, 7);
    for (float& x : logits) x = std::round(x * 4) / 4;  // many ties
    logits[n / 2] = kNan;
    logits[n / 3] = -kInf;
    std::vector<Candidate> sorted;
    TopTokens::find_all(logits, -kInf, sorted);
    EXPECT_EQ(sorted.size(), n - (n > 1 ? 2 : 1));
    std::sort(sorted.begin(), sorted.end(), is_better);
    for (const size_t k : {0, 1, 2, 16, 64, 79, 5000}) {
      top.find(logits, k, -kInf, got);
      ASSERT_EQ(got.size(), std::min(k, sorted.size())) << n << " " << k;
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].token, sorted[i].token) << n << " " << k << " " << i;
        EXPECT_EQ(got[i].logit, sorted[i].logit);
      }
    }
    top.find(logits, n, 1.0f, got);
    EXPECT_EQ(got.size(),
              static_cast<size_t>(std::count_if(logits.begin(), logits.end(), [](float x) { return x >= 1; })));
  }
}

TEST(Sampler, TemperatureZeroIsGreedy) {
  Sampler sampler(plain(0));
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 3, 2}, {}), 1);
  EXPECT_EQ(sampler.sample(std::vector<float>{-5, kNan, -4}, {}), 2);
  auto p = plain(0);
  p.bias = {{0, 10}};
  EXPECT_EQ(Sampler(p).sample(std::vector<float>{1, 3, 2}, {}), 0);
}

TEST(Sampler, DrawsTheDistribution) {
  const std::vector<double> p = {0.5, 0.2, 0.15, 0.1, 0.04, 0.01};
  constexpr int kDraws = 100000;
  expect_distribution(draw(plain(), logits_of(p), kDraws), p, kDraws);
}

TEST(Sampler, TemperatureIsAPowerOfProbabilities) {
  const std::vector<double> p = {0.5, 0.2, 0.15, 0.1, 0.05};
  constexpr int kDraws = 100000;
  for (const double temperature : {0.5, 0.8, 2.0}) {
    std::vector<double> expected;
    for (const double x : p) expected.push_back(std::pow(x, 1 / temperature));
    expect_distribution(draw(plain(static_cast<float>(temperature)), logits_of(p), kDraws), expected, kDraws);
  }
}

TEST(Sampler, AlmostNoTemperatureIsGreedy) {
  const std::vector<float> logits = {1, 2.5f, 2.499f, 0};
  for (const float t : {1e-6f, 1e-20f, 1e-44f}) EXPECT_EQ(support(plain(t), logits), (std::vector<TokenId>{1}));
}

TEST(Sampler, TopK) {
  const std::vector<double> p = {0.1, 0.4, 0.2, 0.05, 0.25};
  auto params = plain();
  params.top_k = 3;
  constexpr int kDraws = 50000;
  expect_distribution(draw(params, logits_of(p), kDraws), {0, 0.4, 0.2, 0, 0.25}, kDraws);
  params.top_k = 1;
  EXPECT_EQ(support(params, logits_of(p)), (std::vector<TokenId>{1}));
  params.top_k = 100;
  expect_distribution(draw(params, logits_of(p), kDraws), p, kDraws);
  // Of equals the lower ids stay.
  params.top_k = 2;
  EXPECT_EQ(support(params, {1, 2, 2, 2}), (std::vector<TokenId>{1, 2}));
}

TEST(Sampler, TopPIsTheSmallestSetThatHasIt) {
  const std::vector<double> p = {0.1, 0.4, 0.2, 0.05, 0.25};
  auto params = plain();
  constexpr int kDraws = 50000;
  params.top_p = 0.64f;
  expect_distribution(draw(params, logits_of(p), kDraws), {0, 0.4, 0, 0, 0.25}, kDraws);
  params.top_p = 0.66f;
  expect_distribution(draw(params, logits_of(p), kDraws), {0, 0.4, 0.2, 0, 0.25}, kDraws);
  params.top_p = 0;
  EXPECT_EQ(support(params, logits_of(p)), (std::vector<TokenId>{1}));
  // After top-k the rest is the whole: 0.4 of 0.65 is more than 0.6.
  params.top_p = 0.6f;
  params.top_k = 2;
  EXPECT_EQ(support(params, logits_of(p)), (std::vector<TokenId>{1}));
  // After the temperature: at 0.5 the best token has 0.16 / 0.275.
  params = plain(0.5f);
  params.top_p = 0.58f;
  EXPECT_EQ(support(params, logits_of(p)), (std::vector<TokenId>{1}));
}

TEST(Sampler, MinPIsOfTheBest) {
  const std::vector<double> p = {0.1, 0.4, 0.2, 0.05, 0.25};
  auto params = plain();
  params.min_p = 0.3f;
  constexpr int kDraws = 50000;
  expect_distribution(draw(params, logits_of(p), kDraws), {0, 0.4, 0.2, 0, 0.25}, kDraws);
  params.min_p = 1;
  EXPECT_EQ(support(params, logits_of(p)), (std::vector<TokenId>{1}));
}

// The entropy of p is 1.415 nat; the surprises are 2.303, 0.916, 1.609, 2.996 and 1.386: nearest are tokens 4 and 2.
TEST(Sampler, TypicalIsNearestToTheEntropy) {
  const std::vector<double> p = {0.1, 0.4, 0.2, 0.05, 0.25};
  auto params = plain();
  constexpr int kDraws = 50000;
  params.typical_p = 0.2f;
  EXPECT_EQ(support(params, logits_of(p)), (std::vector<TokenId>{4}));
  params.typical_p = 0.4f;
  expect_distribution(draw(params, logits_of(p), kDraws), {0, 0, 0.2, 0, 0.25}, kDraws);
  params.typical_p = 0.5f;
  expect_distribution(draw(params, logits_of(p), kDraws), {0, 0.4, 0.2, 0, 0.25}, kDraws);
  // top-p then sees what is left as the whole, best first again: 0.4 / 0.85.
  params.top_p = 0.45f;
  EXPECT_EQ(support(params, logits_of(p)), (std::vector<TokenId>{1}));
}

// Filters over a vocabulary of real size, against their definitions on a sorted copy.
TEST(Sampler, FiltersOfALargeVocabulary) {
  const auto logits = random_logits(262144, 3, 2.0f);
  std::vector<Candidate> sorted;
  TopTokens::find_all(logits, -kInf, sorted);
  std::sort(sorted.begin(), sorted.end(), is_better);
  double total = 0, mass = 0;
  for (const Candidate& c : sorted) total += std::exp(double{c.logit});
  std::map<TokenId, size_t> rank;
  size_t n = 0;
  for (; mass < 0.5 * total; ++n) {
    mass += std::exp(double{sorted[n].logit});
    rank[sorted[n].token] = n;
  }
  ASSERT_GT(n, 2048u);  // beyond the first pieces that are sorted
  auto params = plain();
  params.top_p = 0.5f;
  Sampler sampler(params);
  size_t deepest = 0;
  for (int i = 0; i < 200; ++i) {
    const auto it = rank.find(sampler.sample(logits, {}));
    ASSERT_NE(it, rank.end());
    deepest = std::max(deepest, it->second);
  }
  EXPECT_GT(deepest, n / 2);
}

TEST(Sampler, RepetitionPenaltyDividesOrMultiplies) {
  auto params = plain(0);
  params.repetition_penalty = 2;
  Sampler sampler(params);
  EXPECT_EQ(sampler.sample(std::vector<float>{3, 2, 1}, std::vector<TokenId>{0}), 1);        // 1.5, 2, 1
  EXPECT_EQ(sampler.sample(std::vector<float>{3, 2, 1}, std::vector<TokenId>{0, 1, 0}), 0);  // 1.5, 1, 1; once
  EXPECT_EQ(sampler.sample(std::vector<float>{-1, -1.5f, -9}, std::vector<TokenId>{0}), 1);  // -2, -1.5, -9
  EXPECT_EQ(sampler.sample(std::vector<float>{3, 2, 1}, {}), 0);
}

TEST(Sampler, PresenceOnceFrequencyEachTime) {
  auto params = plain(0);
  params.presence_penalty = 1.5f;
  EXPECT_EQ(Sampler(params).sample(std::vector<float>{3, 2, 0}, std::vector<TokenId>{0, 0, 0}), 1);
  EXPECT_EQ(Sampler(params).sample(std::vector<float>{4, 2, 0}, std::vector<TokenId>{0, 0, 0}), 0);
  params = plain(0);
  params.frequency_penalty = 0.6f;
  EXPECT_EQ(Sampler(params).sample(std::vector<float>{3, 2, 0}, std::vector<TokenId>{0}), 0);
  EXPECT_EQ(Sampler(params).sample(std::vector<float>{3, 2, 0}, std::vector<TokenId>{0, 0}), 1);
  params.frequency_penalty = -0.6f;
  EXPECT_EQ(Sampler(params).sample(std::vector<float>{2, 1.5f, 0}, std::vector<TokenId>{1}), 1);
}

TEST(Sampler, PenaltiesLookBackAWindow) {
  auto params = plain(0);
  params.presence_penalty = 5;
  const std::vector<float> logits = {3, 2, 1};
  const std::vector<TokenId> history = {0, 2, 2, 2};
  for (const auto& [window, expected] : std::map<int, TokenId>{{-1, 1}, {4, 1}, {100, 1}, {3, 0}, {0, 0}}) {
    params.penalty_window = window;
    EXPECT_EQ(Sampler(params).sample(logits, history), expected) << window;
  }
  // A second call starts from nothing.
  params.penalty_window = -1;
  Sampler sampler(params);
  EXPECT_EQ(sampler.sample(logits, history), 1);
  EXPECT_EQ(sampler.sample(logits, {}), 0);
}

TEST(Sampler, BiasAndSuppression) {
  auto params = plain(0);
  params.bias = {{2, 3}, {0, -kInf}, {2, 1}, {99, 5}, {-1, 5}};
  EXPECT_EQ(Sampler(params).sample(std::vector<float>{9, 4, 1}, {}), 2);
  params.suppress = {2, 99, -1};
  EXPECT_EQ(Sampler(params).sample(std::vector<float>{9, 4, 1}, {}), 1);
  // Suppression is the last word: no negative penalty brings a token back.
  params.presence_penalty = -100;
  EXPECT_EQ(Sampler(params).sample(std::vector<float>{9, 4, 1}, std::vector<TokenId>{2, 0}), 1);
  auto drawn = plain();
  drawn.suppress = {1};
  expect_distribution(draw(drawn, logits_of({0.3, 0.5, 0.2}), 50000), {0.3, 0, 0.2}, 50000);
}

TEST(Sampler, BiasMovesTheOddsAsItSays) {
  auto params = plain();
  params.bias = {{0, std::log(3.0f)}};
  expect_distribution(draw(params, logits_of({0.25, 0.5, 0.25}), 50000), {0.75, 0.5, 0.25}, 50000);
}

TEST(Sampler, SameSeedSameTokens) {
  const auto logits = random_logits(1000, 5);
  const auto run = [&](uint64_t seed) {
    SamplingParams params;
    params.seed = seed;
    Sampler sampler(params);
    std::vector<TokenId> out;
    for (int i = 0; i < 64; ++i) out.push_back(sampler.sample(logits, out));
    return out;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
  EXPECT_NE(run(0), run(1));
  // A copy goes on as its original does.
  SamplingParams params;
  Sampler a(params);
  a.sample(logits, {});
  Sampler b = a;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(a.sample(logits, {}), b.sample(logits, {}));
}

TEST(Sampler, WhatIsNotANumberIsNeverChosen) {
  const std::vector<float> logits = {kNan, 1, -kInf, 2, kNan};
  EXPECT_EQ(support(plain(), logits), (std::vector<TokenId>{1, 3}));
  auto params = plain();
  params.top_k = 4;
  EXPECT_EQ(support(params, logits), (std::vector<TokenId>{1, 3}));
  EXPECT_EQ(support(plain(), {1, kInf, 2}), (std::vector<TokenId>{1}));
  EXPECT_EQ(support(params, {1, kInf, kInf}), (std::vector<TokenId>{1, 2}));
}

TEST(Sampler, NothingLeftIsAnError) {
  for (const float temperature : {0.0f, 1.0f}) {
    auto params = plain(temperature);
    params.suppress = {0, 1};
    EXPECT_THROW(Sampler(params).sample(std::vector<float>{1, 2}, {}), RequestError);
    EXPECT_THROW(Sampler(plain(temperature)).sample(std::vector<float>{kNan, -kInf}, {}), RequestError);
  }
}

constraint::TokenMask mask_of(size_t n, const std::vector<TokenId>& tokens) {
  constraint::TokenMask mask(n);
  for (const TokenId t : tokens) mask.add(t);
  return mask;
}

// Few tokens are looked up, many are not; both give what a bias of -infinity for the others gives.
TEST(Sampler, ChoosesAmongTheAllowed) {
  constexpr size_t kTokens = 1000;
  const auto logits = random_logits(kTokens, 5);
  const std::vector<TokenId> history = {3, 64, 64, 999, 7};
  for (const size_t n_allowed : {1, 20, 62, 63, 500, 1000})
    for (const float temperature : {0.0f, 1.0f})
      for (const int top_k : {0, 8}) {
        auto params = plain(temperature);
        params.top_k = top_k;
        params.repetition_penalty = 1.5f;
        params.bias = {{64, 2}, {8, -1}};
        params.suppress = {0};
        std::vector<TokenId> allowed;
        for (size_t i = 0; i < n_allowed; ++i) allowed.push_back(static_cast<TokenId>((i * 7 + 64) % kTokens));
        const auto mask = mask_of(kTokens, allowed);
        auto barred = params;
        for (TokenId t = 0; t < static_cast<TokenId>(kTokens); ++t)
          if (!mask.has(t)) barred.bias.push_back({t, -kInf});
        std::vector<double> p(kTokens);
        std::vector<int> expected(kTokens), found(kTokens);
        Sampler masked(params), other(barred);
        for (int i = 0; i < 300; ++i) {
          const TokenId token = masked.sample(logits, history, &mask);
          ASSERT_TRUE(mask.has(token)) << token;
          ++found[static_cast<size_t>(token)];
          ++expected[static_cast<size_t>(other.sample(logits, history))];
        }
        double distance = 0;
        for (size_t t = 0; t < kTokens; ++t) distance += std::abs(found[t] - expected[t]);
        // Greedy answers are equal. Two samples of 300 from one distribution over the few tokens that matter differ by
        // less than half of the draws.
        EXPECT_LE(distance, temperature == 0 ? 0 : 300) << n_allowed << " " << top_k;
      }
}

TEST(Sampler, TheAllowedKeepTheirShares) {
  const std::vector<double> p = {0.1, 0.4, 0.2, 0.05, 0.25};
  auto logits = logits_of(p);
  logits.resize(200, std::log(0.9f));  // few of them are allowed
  const auto few = mask_of(200, {0, 2, 4});
  Sampler sampler(plain());
  std::vector<int> counts(200);
  for (int i = 0; i < 20000; ++i) ++counts[static_cast<size_t>(sampler.sample(logits, {}, &few))];
  std::vector<double> shares(200);
  for (const size_t t : {0, 2, 4}) shares[t] = p[t];
  expect_distribution(counts, shares, 20000);
}

TEST(Sampler, NothingAllowedIsAnError) {
  for (const float temperature : {0.0f, 1.0f})
    for (const size_t n : {3, 300}) {
      const constraint::TokenMask none(n);
      EXPECT_THROW(Sampler(plain(temperature)).sample(std::vector<float>(n, 1), {}, &none), RequestError);
    }
}

TEST(Sampler, ABiasAgainstAllIsAnError) {
  const std::vector<float> logits = {1, 2, 3};
  for (const float temperature : {0.0f, 1.0f})
    for (const int top_k : {0, 2, 64}) {
      auto params = plain(temperature);
      params.top_k = top_k;
      params.bias = {{0, -kInf}, {1, -kInf}, {2, -kInf}};
      params.presence_penalty = -5;  // brings nothing back
      try {
        Sampler(params).sample(logits, std::vector<TokenId>{0, 1, 2});
        ADD_FAILURE() << "temperature " << temperature << ", top-k " << top_k;
      } catch (const RequestError& e) {
        EXPECT_STREQ(
            e.what(),
            "no token is left to choose: all are suppressed, have a bias of -infinity, or are not allowed here");
      }
      params.bias.pop_back();
      EXPECT_EQ(Sampler(params).sample(logits, {}), 2);
    }
}

TEST(Sampler, ParametersOutOfRangeAreNamed) {
  const auto expect_named = [](const char* name, auto&& change) {
    SamplingParams params;
    change(params);
    try {
      check(params);
      ADD_FAILURE() << name << " was taken";
    } catch (const RequestError& e) {
      EXPECT_NE(std::string(e.what()).find(name), std::string::npos) << e.what();
    }
    EXPECT_THROW(Sampler{params}, RequestError);
  };
  expect_named("temperature", [](auto& p) { p.temperature = -0.1f; });
  expect_named("temperature", [](auto& p) { p.temperature = kNan; });
  expect_named("top-k", [](auto& p) { p.top_k = -1; });
  expect_named("top-p", [](auto& p) { p.top_p = 1.01f; });
  expect_named("min-p", [](auto& p) { p.min_p = -0.5f; });
  expect_named("typical-p", [](auto& p) { p.typical_p = 2; });
  expect_named("repetition penalty", [](auto& p) { p.repetition_penalty = 0; });
  expect_named("presence penalty", [](auto& p) { p.presence_penalty = kNan; });
  expect_named("frequency penalty", [](auto& p) { p.frequency_penalty = kInf; });
  expect_named("penalty window", [](auto& p) { p.penalty_window = -2; });
  expect_named("bias of token 7", [](auto& p) { p.bias = {{7, kNan}}; });
  expect_named("bias of token 7", [](auto& p) { p.bias = {{7, kInf}}; });
  EXPECT_NO_THROW(check(SamplingParams{}));
}

TEST(Logprobs, SumToOne) {
  for (const size_t n : {1, 5, 70, 262144}) {
    const auto logits = random_logits(n, 11);
    const Logprobs all = logprobs(logits, static_cast<TokenId>(n / 2), static_cast<int>(n));
    ASSERT_EQ(all.top.size(), n);
    double sum = 0;
    for (const TokenLogprob& t : all.top) sum += std::exp(double{t.logprob});
    // Each logprob is an f32 near -20 at most: half a unit in its last place is 2^-20.
    EXPECT_NEAR(sum, 1, 1e-6) << n;
    for (size_t i = 1; i < n; ++i) ASSERT_GE(all.top[i - 1].logprob, all.top[i].logprob);
    EXPECT_EQ(all.chosen.token, static_cast<TokenId>(n / 2));
  }
}

TEST(Logprobs, AreExact) {
  const std::vector<double> p = {0.1, 0.4, 0.2, 0.05, 0.25};
  auto logits = logits_of(p);
  for (const float shift : {0.0f, 30.0f, -30.0f}) {
    for (size_t t = 0; t < p.size(); ++t) {
      auto shifted = logits;
      for (float& x : shifted) x += shift;
      const auto one = logprobs(shifted, static_cast<TokenId>(t), 2);
      EXPECT_NEAR(one.chosen.logprob, std::log(p[t]), 4e-6) << t;  // a unit in the last place of 30 is 2e-6
      EXPECT_EQ(one.top[0].token, 1);
      EXPECT_EQ(one.top[1].token, 4);
      EXPECT_TRUE(logprobs(shifted, 0, 0).top.empty());
    }
  }
  EXPECT_EQ(logprobs(std::vector<float>{2, 2, 2}, 0, 3).top[2].token, 2);
}

}  // namespace
}  // namespace facet::runtime
