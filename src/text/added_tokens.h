// Tokens that are cut out of the raw text before anything else: control tokens where the caller allows them, and pieces
// that a file defines as whole. Leftmost match, the longest at a place.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace facet::text {

class AddedTokens {
 public:
  struct Match {
    size_t begin, end;  // begin == npos: nothing more
    TokenId id;
  };

  void add(std::string text, TokenId id, bool is_control);
  void finish();  // after the last add

  // The first match at or after `from`. Control tokens count only when `with_control`.
  Match find(std::string_view text, size_t from, bool with_control) const noexcept;

 private:
  struct Entry {
    std::string text;
    TokenId id;
    bool is_control;
  };
  std::vector<Entry> entries_;         // by first byte, longest first
  std::array<uint32_t, 257> first_{};  // entries of byte b: [first_[b], first_[b + 1])
  std::array<bool, 256> starts_any_{}, starts_plain_{};
};

}  // namespace facet::text
