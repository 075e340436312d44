#include "runtime/repetition.h"

#include <algorithm>

namespace facet::runtime {

// A comparison for each period: a fraction of a microsecond, where a token takes milliseconds.
bool Repetition::take(std::span<const text::TokenId> answer) noexcept {
  const size_t n_periods = std::min(answer.size() - 1, n_same_.size());
  const text::TokenId token = answer.back();
  bool repeats = false;
  for (size_t i = 0; i < n_periods; ++i) {
    n_same_[i] = answer[answer.size() - 2 - i] == token ? n_same_[i] + 1 : 0;
    repeats |= n_same_[i] >= std::max(most_, kTimes * static_cast<int>(i + 1));
  }
  if (repeats) n_same_ = {};
  return repeats;
}

}  // namespace facet::runtime
