#include "runtime/drafter.h"

#include <algorithm>

namespace facet::runtime {

size_t DraftPolicy::bucket(int match_length) noexcept {
  constexpr int kBegins[] = {5, 8, 16, 32};
  return static_cast<size_t>(std::upper_bound(std::begin(kBegins), std::end(kBegins), match_length) - kBegins);
}

void DraftPolicy::record(int match_length, bool was_right) noexcept {
  constexpr float kShare = 1 / 12.0f;  // of an outcome in the estimate
  float& rate = rates_[bucket(match_length)];
  rate += kShare * ((was_right ? 1.0f : 0.0f) - rate);
}

int DraftPolicy::choose(int match_length, int most, const StepCosts& costs) const noexcept {
  // Steps of these many rows; kernels take columns by fours, twos and ones, so others cost as much as the next larger.
  constexpr int kRows[] = {2, 4, 8};
  constexpr float kLeastGain = 1.03f;  // sampling and copying rows that turn out wrong is not in a step's cost
  float best = kLeastGain, right = 1, n_tokens = 1;
  int n_best = 0, n = 0;
  for (const int rows : kRows) {
    if (rows > most + 1) break;
    for (; n < rows - 1; ++n) n_tokens += right *= hit_rate(match_length + n);
    const float gain = n_tokens / costs.relative(rows);
    if (gain <= best) continue;
    best = gain;
    n_best = n;
  }
  return n_best;
}

Drafter::Drafter(std::span<const TokenId> text, int max_tokens, int n_fixed, const StepCosts& costs)
    : costs_(costs), n_fixed_(n_fixed), lookup_(max_tokens) {
  text_.reserve(static_cast<size_t>(max_tokens));
  text_.assign(text.begin(), text.end());
}

size_t Drafter::table_bytes(int max_tokens) noexcept {
  return PromptLookup::table_bytes(max_tokens) + sizeof(TokenId) * static_cast<size_t>(max_tokens);
}

void Drafter::push(TokenId token) {
  text_.push_back(token);
  if (n_come_true_ >= n_expected_) return;
  const bool was_right = token == expected_[static_cast<size_t>(n_come_true_)];
  policy_.record(match_length_ + n_come_true_, was_right);
  n_come_true_ = was_right ? n_come_true_ + 1 : n_expected_;
}

std::span<const TokenId> Drafter::draft(int most, std::span<const TokenId> never) {
  const PromptLookup::Match match = lookup_.find(text_);
  match_length_ = match.length;
  n_expected_ = n_come_true_ = 0;
  if (match.length == 0) return {};
  for (; n_expected_ < kMost; ++n_expected_)
    expected_[static_cast<size_t>(n_expected_)] = PromptLookup::expected(text_, match, n_expected_);
  const auto end = expected_.begin() + std::clamp(most, 0, kMost);
  most = static_cast<int>(std::find_first_of(expected_.begin(), end, never.begin(), never.end()) - expected_.begin());
  const int n = n_fixed_ >= 0 ? std::min(n_fixed_, most) : policy_.choose(match.length, most, costs_);
  return std::span(expected_).first(static_cast<size_t>(n));
}

}  // namespace facet::runtime
