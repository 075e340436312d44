// The most likely tokens of a row of logits, without sorting the vocabulary.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "text/tokenizer.h"

namespace facet::runtime {

using text::TokenId;

// The most likely token; the lowest id of equals. NaN never wins; 0 when there is nothing but NaN and -infinity.
TokenId argmax(std::span<const float> logits) noexcept;

struct Candidate {
  float logit;
  TokenId token;
  float p = 0;
};

// Best first; of equals the lower id.
inline bool is_better(const Candidate& a, const Candidate& b) noexcept {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

class TopTokens {
 public:
  // out <- the n best tokens of at least `floor`, best first. -infinity and NaN are never among them. Allocates only
  // until its buffers have grown.
  void find(std::span<const float> logits, size_t n, float floor, std::vector<Candidate>& out);
  // The same in two steps, for a floor that depends on the largest: -infinity if all are NaN.
  float scan(std::span<const float> logits);
  void find_scanned(std::span<const float> logits, size_t n, float floor, std::vector<Candidate>& out);

  // out <- all tokens of at least `floor` and above -infinity, in order of their ids.
  static void find_all(std::span<const float> logits, float floor, std::vector<Candidate>& out);

  // Bytes of those buffers at their largest.
  static size_t table_bytes(size_t n_logits) noexcept;

 private:
  std::vector<float> block_max_, ranked_;
};

}  // namespace facet::runtime
