// Log-probabilities (natural logarithm) of the model's own distribution: before temperature, penalties and bias.
#pragma once

#include <span>
#include <vector>

#include "constraint/matcher/token_table.h"
#include "runtime/top_tokens.h"

namespace facet::runtime {

struct TokenLogprob {
  TokenId token;
  float logprob;
};

// Of one token, and the n most likely ones (ties: lower id first).
struct Logprobs {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;
};
Logprobs logprobs(std::span<const float> logits, TokenId token, int n);

// Of one token among those that may come (null: all), by the model's own distribution.
float probability(std::span<const float> logits, TokenId token, const constraint::TokenMask* allowed);

// log sum exp(logits): a token's log-probability is its logit less this.
double log_normalizer(std::span<const float> logits) noexcept;

}  // namespace facet::runtime
