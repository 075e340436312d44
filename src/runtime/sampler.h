// From logits to the next token. A Sampler is a value with its own random state; the same seed gives the same text.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "constraint/matcher/token_table.h"
#include "runtime/top_tokens.h"

namespace facet::runtime {

struct LogitBias {
  TokenId token;
  float bias;  // added to the logit; -infinity: never
};

// Applied in this order, each to what the one before left: the tokens allowed, bias, penalties, suppression,
// temperature, top-k, typical, top-p, min-p. Temperature comes before the filters, as in Hugging Face's generate(), so
// that top-p and typical see the distribution that is drawn from; the filters' own order is llama.cpp's. Typical and
// top-p see probabilities that sum to 1; min-p, which compares with the best one, needs no sum.
struct SamplingParams {
  float temperature = 1.0f;      // 0: greedy
  int top_k = 64;                // 0: all
  float top_p = 0.95f;           // the smallest set of most likely tokens with this much; 1: all
  float min_p = 0.0f;            // of the best token's probability; 0: all
  float typical_p = 1.0f;        // the smallest set of tokens nearest to the entropy with this much; 1: all
  float repetition_penalty = 1;  // divides positive, multiplies negative logits of tokens seen; 1: none
  float presence_penalty = 0;    // subtracted once for a token seen
  float frequency_penalty = 0;   // subtracted for each time it was seen
  int penalty_window = 64;       // tokens looked back at, those of the prompt included; 0: none, -1: all
  std::vector<LogitBias> bias;
  std::vector<TokenId> suppress;  // never chosen
  uint64_t seed = 0;
};

// Throws RequestError naming the parameter that is out of range.
void check(const SamplingParams& params);

// What choosing a token needs only while it is done, 5 MB for a vocabulary of 262,144: samplers of one thread may share
// it.
struct SamplerTables {
  TopTokens top;
  std::vector<float> logits;
  std::vector<Candidate> candidates;
  std::vector<int> counts;  // by token; zero between calls
};

class Sampler {
 public:
  // tables: that others use too, never at the same time, for the same vocabulary; null: its own.
  explicit Sampler(SamplingParams params, std::shared_ptr<SamplerTables> tables = {});

  // history: the tokens so far, for penalties. Tokens of parameters and history outside the vocabulary are ignored; a
  // logit that is NaN is never chosen. allowed: the tokens to choose among, before all else; null: all. Allocates only
  // until its tables have grown to the vocabulary. Throws RequestError when no token is left to choose.
  TokenId sample(std::span<const float> logits, std::span<const TokenId> history,
                 const constraint::TokenMask* allowed = nullptr);

  // Bytes of those tables at their largest.
  static size_t table_bytes(size_t n_vocab) noexcept;

 private:
  bool is_valid(TokenId t) const noexcept { return t >= 0 && static_cast<size_t>(t) < tables_->logits.size(); }
  // few: the only tokens whose logits are looked at, where they are a small part of the vocabulary; else null.
  void adjust(std::span<const float> logits, std::span<const TokenId> history, const constraint::TokenMask* few);
  void penalize(std::span<const TokenId> history);
  void forbid_others(const constraint::TokenMask& allowed);
  TokenId best(const constraint::TokenMask* few);
  void gather(const constraint::TokenMask* few);
  void pick();
  bool penalizes() const noexcept;
  void list(const constraint::TokenMask& few);
  void pick_of(const constraint::TokenMask& few);
  void normalize();
  void keep_typical();
  void keep_top_p();
  void keep_min_p();
  template <class Before>
  void keep_mass(double mass, Before&& before);
  TokenId draw();
  double random();

  SamplingParams params_;
  uint64_t state_[4];
  std::shared_ptr<SamplerTables> tables_;
  std::span<const float> chosen_;  // what is chosen from: the adjusted ones, or the caller's where nothing changes them
};

}  // namespace facet::runtime
