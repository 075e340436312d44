// A vocabulary as the matcher needs it: what bytes each token stands for, as tries that are walked to find the tokens
// that a grammar allows. Made once per tokenizer and shared by all grammars and threads.
//
// Nine tokens in ten are plain: whole characters, none of which a JSON string would have to escape. Where any plain
// text may come, which is where most of a text is made, they are allowed as a whole, and only the others are walked. A
// limit on length allows those of so many characters: slices.
#pragma once

#include <array>
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
  // The plain tokens of at most so many characters are slice 1, 2, ...; those of any length the last. Slice 0 is empty.
  static constexpr std::array<size_t, 6> kSliceCharacters{0, 2, 4, 8, 16, SIZE_MAX};
  static constexpr size_t kNoSlice = 0, kAllPlain = kSliceCharacters.size() - 1;

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

  const TokenMask& slice(size_t i) const noexcept { return slices_[i]; }
  const TokenTrie& plain_beyond(size_t slice) const noexcept { return plain_beyond_[slice]; }  // plain, not in it
  const TokenTrie& others() const noexcept { return others_; }                                 // not plain
  size_t longest_plain() const noexcept { return longest_plain_; }                             // characters
  size_t n_bytes() const noexcept;

 private:
  explicit TokenTable(const TokenTableParts& parts);

  std::string text_;
  std::vector<uint32_t> ends_;  // token i is [ends_[i], ends_[i + 1])
  std::vector<TokenId> stops_;
  std::array<TokenMask, kSliceCharacters.size()> slices_;
  std::array<TokenTrie, kSliceCharacters.size()> plain_beyond_;
  TokenTrie others_;
  size_t longest_plain_ = 0;
};

}  // namespace facet::constraint
