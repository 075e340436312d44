#include "runtime/logprobs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace facet::runtime {

double log_normalizer(std::span<const float> logits) noexcept {
  // Terms in f32 are off by less than 2^-23 of themselves, and so is their sum, which is added up in double.
  const float top = logits[static_cast<size_t>(argmax(logits))];
  double sum = 0;
  for (const float x : logits) sum += std::exp(x - top);
  return top + std::log(sum);
}

float probability(std::span<const float> logits, TokenId token, const constraint::TokenMask* allowed) {
  const double own = logits[static_cast<size_t>(token)];
  if (allowed == nullptr) return static_cast<float>(std::exp(own - log_normalizer(logits)));
  double sum = 0;  // of the odds against it
  for (size_t w = 0; w < allowed->words().size(); ++w)
    for (uint64_t bits = allowed->words()[w]; bits != 0; bits &= bits - 1)
      sum += std::exp(logits[w * 64 + static_cast<size_t>(std::countr_zero(bits))] - own);
  return static_cast<float>(1 / sum);
}

Logprobs logprobs(std::span<const float> logits, TokenId token, int n) {
  const double offset = log_normalizer(logits);
  const auto entry = [&](TokenId t) {
    return TokenLogprob{t, static_cast<float>(logits[static_cast<size_t>(t)] - offset)};
  };
  Logprobs out{entry(token), {}};
  if (n <= 0) return out;
  std::vector<Candidate> best;
  TopTokens().find(logits, static_cast<size_t>(n), -std::numeric_limits<float>::infinity(), best);
  for (const Candidate& c : best) out.top.push_back(entry(c.token));
  return out;
}

}  // namespace facet::runtime
