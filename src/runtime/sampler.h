// From logits to the next token. A Sampler is a value with its own random state; the same seed gives the same text.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenizer.h"

namespace facet::runtime {

using text::TokenId;

struct LogitBias {
  TokenId token;
  float bias;  // added to the logit; -infinity: never
};

// The order of application: bias, penalties, temperature, top-k, typical, top-p, min-p.
struct SamplingParams {
  float temperature = 1.0f;      // 0: greedy
  int top_k = 64;                // 0: all
  float top_p = 0.95f;           // 1: all
  float min_p = 0.0f;            // of the best token's probability; 0: all
  float typical_p = 1.0f;        // 1: all
  float repetition_penalty = 1;  // divides positive, multiplies negative logits of tokens seen; 1: none
  float presence_penalty = 0;    // subtracted once for a token seen
  float frequency_penalty = 0;   // subtracted for each time it was seen
  int penalty_window = 64;       // tokens looked back at; 0: none, -1: all
  std::vector<LogitBias> bias;
  std::vector<TokenId> suppress;  // never chosen
  uint64_t seed = 0;
};

// Throws RequestError naming the parameter that is out of range.
void check(const SamplingParams& params);

struct TokenLogprob {
  TokenId token;
  float logprob;  // natural logarithm
};

class Sampler {
 public:
  explicit Sampler(SamplingParams params);

  // history: the tokens so far, for penalties. Allocates only until its buffers have grown to the vocabulary.
  TokenId sample(std::span<const float> logits, std::span<const TokenId> history);

 private:
  struct Candidate {
    float logit;
    TokenId token;
    float p = 0;
  };
  void adjust(std::span<const float> logits, std::span<const TokenId> history);
  void keep_top_k();
  void softmax();
  void keep_typical();
  void keep_top_p();
  void keep_min_p();
  double random();

  SamplingParams params_;
  uint64_t state_[4];
  std::vector<float> logits_;
  std::vector<Candidate> candidates_;
  std::vector<int> counts_;  // by token; zero between calls
};

// Log-probability of `token` and the n most likely tokens (ties: lower id first), from the model's own logits: before
// temperature, penalties and bias.
struct Logprobs {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;
};
Logprobs logprobs(std::span<const float> logits, TokenId token, int n);

// The most likely token; the lowest id of equals.
TokenId argmax(std::span<const float> logits) noexcept;

}  // namespace facet::runtime
