// Tokens that are cut out of the raw text before anything else: control tokens where the caller allows them, and pieces
// that a file defines as whole. Leftmost match, the longest at a place.
#pragma once

#include <array>
#include <cstdint>
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

  // Of two with the same text the first counts; an empty text is ignored.
  void add(std::string_view text, TokenId id, bool needs_permission);

  // The first match at or after `from`. Tokens that need permission count only when it is given.
  Match find(std::string_view text, size_t from, bool with_permission) const noexcept;

 private:
  // A trie of bytes: Gemma 3 has 6,300 tokens that start with '<', so no scan of candidates would do.
  struct Node {
    unsigned char byte;
    bool needs_permission;
    TokenId id;  // -1: no token ends here
    uint32_t child, sibling;
  };
  static constexpr uint32_t kNone = 0;  // the root is nobody's child

  uint32_t find_child(uint32_t node, unsigned char byte) const noexcept;
  Match longest_at(std::string_view text, size_t at, bool with_permission) const noexcept;

  std::vector<Node> nodes_{{0, false, -1, kNone, kNone}};
  std::array<bool, 256> starts_any_{}, starts_plain_{};  // by first byte
  bool any_plain_ = false;
};

}  // namespace facet::text
