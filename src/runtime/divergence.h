// How far a model's next-token distributions are from those of a reference on the same text: another precision of the
// same weights, or other options of the same file. The text is cut as for perplexity (text_chunks.h), and the second
// half of each chunk is compared.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/session.h"

namespace facet::runtime {

// sum p log(p / q) of the distributions that these logits stand for, natural logarithm, not below 0; no number where
// a logit is none.
double kl_divergence(std::span<const float> p_logits, std::span<const float> q_logits) noexcept;

struct DivergenceResult {
  std::vector<float> kl;     // of the reference's distribution from the model's, by position, ascending
  int64_t n_same_top = 0;    // positions where both have the same most likely token
  int64_t n_clear = 0;       // positions where the reference's most likely token leads by more than kClearLead
  int64_t n_clear_same = 0;  // of those, where the model has the same
  double perplexity = 0, reference_perplexity = 0;

  double mean() const noexcept;
  float at(double share) const noexcept;  // the value that this share of positions does not pass; 1: the largest
};
constexpr double kClearLead = 0.01;  // of probability, before the second

struct DivergenceOptions {
  int chunk = 512;     // tokens
  int max_chunks = 0;  // 0: all
  std::function<void(int done, int total)> on_chunk;
};

// Throws RequestError as text_chunks() does, and when the two do not share a vocabulary.
DivergenceResult divergence(const std::shared_ptr<const Engine>& model, const std::shared_ptr<const Engine>& reference,
                            std::string_view text, const DivergenceOptions& options = {});

}  // namespace facet::runtime
