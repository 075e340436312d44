// A vocabulary as the matcher needs it: what bytes each token stands for, as tries that are walked to find the tokens
// that a grammar allows. Made once per tokenizer and shared by all grammars and threads.
//
// Nearly all tokens are plain: whole characters, none of which a JSON string would have to escape. Where any plain text
// may come, which is where most of a text is made, they are allowed as a whole, and only the others are walked. A limit
// on length allows those of so many characters: slices.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/matcher/token_mask.h"
#include "constraint/matcher/token_trie.h"

namespace facet::constraint {

struct TokenTableParts {
  std::vector<std::string> bytes;  // id -> the bytes it adds to a text; "" for tokens that are no text
  // Control tokens that grammars may ask for, in the order of their index in Regexes::control().
  std::vector<TokenId> controls;
  std::vector<TokenId> stops;  // allowed where the text may end
};

class TokenTable {
 public:
  static std::shared_ptr<const TokenTable> make(const TokenTableParts& parts);

  size_t n_tokens() const noexcept { return ends_.size() - 1; }
  // As grammars see it: control tokens as kControlByte and their index. "" for what no grammar can allow.
  std::string_view bytes(TokenId token) const noexcept {
    const auto i = static_cast<size_t>(token);
    return i + 1 < ends_.size() ? std::string_view(text_).substr(ends_[i], ends_[i + 1] - ends_[i])
                                : std::string_view();
  }
  bool is_stop(TokenId token) const noexcept;
  std::span<const TokenId> stops() const noexcept { return stops_; }

  // The plain tokens of at most so many characters; those of any length are the last slice, the first is empty.
  const TokenMask& slice(size_t n_characters) const noexcept { return slices_[n_characters]; }
  size_t last_slice() const noexcept { return slices_.size() - 1; }
  const TokenTrie& plain() const noexcept { return plain_; }
  const TokenTrie& others() const noexcept { return others_; }
  size_t n_bytes() const noexcept;

 private:
  explicit TokenTable(const TokenTableParts& parts);

  std::string text_;
  std::vector<uint32_t> ends_;  // token i is [ends_[i], ends_[i + 1])
  std::vector<TokenId> stops_;
  std::vector<TokenMask> slices_;
  TokenTrie plain_, others_;
};

}  // namespace facet::constraint
