// A vocabulary as the matcher needs it: what bytes each token stands for, as tries that are walked to find the tokens
// that a grammar allows. Made once per tokenizer and shared by all grammars and threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace facet::constraint {

using TokenId = int32_t;

// One bit a token.
class TokenMask {
 public:
  TokenMask() = default;
  explicit TokenMask(size_t n_tokens) : n_tokens_(n_tokens), words_((n_tokens + 63) / 64) {}
  size_t size() const noexcept { return n_tokens_; }
  bool has(TokenId t) const noexcept {
    return words_[static_cast<size_t>(t) / 64] >> (static_cast<size_t>(t) % 64) & 1;
  }
  void add(TokenId t) noexcept { words_[static_cast<size_t>(t) / 64] |= uint64_t{1} << (static_cast<size_t>(t) % 64); }
  std::span<uint64_t> words() noexcept { return words_; }
  std::span<const uint64_t> words() const noexcept { return words_; }
  size_t count() const noexcept;

 private:
  size_t n_tokens_ = 0;
  std::vector<uint64_t> words_;
};

struct TokenTableParts {
  std::vector<std::string> bytes;  // id -> the bytes it adds to a text; "" for tokens that are no text
  // Control tokens that grammars may ask for, in the order of their index in Regexes::control().
  std::vector<TokenId> controls;
  std::vector<TokenId> stops;  // allowed where the text may end
};

class TokenTable {
 public:
  static std::shared_ptr<const TokenTable> make(const TokenTableParts& parts);
  virtual ~TokenTable() = default;
  virtual size_t n_tokens() const noexcept = 0;
  virtual std::string_view bytes(TokenId token) const noexcept = 0;  // as grammars see it: controls as 0xFF, index
  virtual bool is_stop(TokenId token) const noexcept = 0;
  virtual size_t n_bytes() const noexcept = 0;
};

}  // namespace facet::constraint
