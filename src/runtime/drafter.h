// Drafts what comes next in a text, for verification in one step: what prompt lookup expects, as much of it as pays.
// Whether it pays is learnt as the text goes on: how often such an expectation comes true, by the length of the match
// that it rests on, which costs nothing to watch; and what a step of several rows costs.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "runtime/prompt_lookup.h"
#include "runtime/step_costs.h"

namespace facet::runtime {

// How often expectations came true, by match length.
class DraftPolicy {
 public:
  // An expectation that rested on `match_length` tokens came true, or not.
  void record(int match_length, bool was_right) noexcept;

  // How many of `most` expected tokens to draft, where the first rests on match_length tokens and each further one on
  // one more: what gives the most tokens for the time of a step, or none where a step of one row gives as much.
  int choose(int match_length, int most, const StepCosts& costs) const noexcept;

  // The share to be expected right.
  float hit_rate(int match_length) const noexcept { return rates_[bucket(match_length)]; }

 private:
  static size_t bucket(int match_length) noexcept;

  // 3 and 4 tokens, 5 to 7, 8 to 15, 16 to 31, more; to begin with a cautious guess.
  std::array<float, 5> rates_ = {0.3f, 0.4f, 0.6f, 0.8f, 0.9f};
};

class Drafter {
 public:
  // The text so far, and how many tokens it may come to have. costs outlives the object. n_fixed: draft this many
  // whenever a match has them, whether it pays or not; -1: as many as pay.
  Drafter(std::span<const TokenId> text, int max_tokens, int n_fixed, const StepCosts& costs);

  // The text's next token.
  void push(TokenId token);

  // At most `most` tokens that may come next, none of them among `never`; valid until the next call.
  std::span<const TokenId> draft(int most, std::span<const TokenId> never);

  // Bytes that a drafter of this many tokens takes.
  static size_t table_bytes(int max_tokens) noexcept;

 private:
  static constexpr int kMost = kDecodeRows - 1;

  const StepCosts& costs_;
  int n_fixed_;
  std::vector<TokenId> text_;
  PromptLookup lookup_;
  DraftPolicy policy_;
  std::array<TokenId, kMost> expected_{};
  int n_expected_ = 0, n_come_true_ = 0;  // of the last draft's expectations; none are left after one that was wrong
  int match_length_ = 0;                  // that the first rested on
};

}  // namespace facet::runtime
