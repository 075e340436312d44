// One bit a token: those that may come next.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace facet::constraint {

using TokenId = int32_t;

class TokenMask {
 public:
  TokenMask() = default;
  explicit TokenMask(size_t n_tokens) : n_tokens_(n_tokens), words_((n_tokens + 63) / 64) {}

  size_t size() const noexcept { return n_tokens_; }
  bool has(TokenId t) const noexcept {
    return words_[static_cast<size_t>(t) / 64] >> (static_cast<size_t>(t) % 64) & 1;
  }
  void add(TokenId t) noexcept { words_[static_cast<size_t>(t) / 64] |= uint64_t{1} << (static_cast<size_t>(t) % 64); }
  void remove(TokenId t) noexcept {
    words_[static_cast<size_t>(t) / 64] &= ~(uint64_t{1} << (static_cast<size_t>(t) % 64));
  }
  TokenMask& operator|=(const TokenMask& other) noexcept {  // of one size
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  std::span<uint64_t> words() noexcept { return words_; }
  std::span<const uint64_t> words() const noexcept { return words_; }
  size_t count() const noexcept {
    size_t n = 0;
    for (const uint64_t word : words_) n += static_cast<size_t>(std::popcount(word));
    return n;
  }

 private:
  size_t n_tokens_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace facet::constraint
