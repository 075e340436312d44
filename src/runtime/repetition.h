// Whether an answer has come to say one passage over and over, as small models do until their context is full. Internal
// to runtime/.
#pragma once

#include <array>
#include <span>

#include "text/tokenizer.h"

namespace facet::runtime {

class Repetition {
 public:
  // most: tokens that may repeat a passage before take() says so; 1 or more.
  explicit Repetition(int most) noexcept : most_(most) {}

  // The answer so far, which has one token more than the last time. True: at least `most` tokens at its end, and a
  // passage of up to kLongest tokens at least kTimes, repeat what stood before them; it is then watched anew.
  bool take(std::span<const text::TokenId> answer) noexcept;

  static constexpr int kLongest = 256, kTimes = 3;

 private:
  int most_;
  std::array<int, kLongest> n_same_{};  // tokens at the end that equal the one i + 1 tokens before them
};

}  // namespace facet::runtime
