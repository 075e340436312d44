// Texts of tokens as a prefix tree in one array, in the order of a walk: a node's first child stands behind it, and
// `end` behind its last descendant, so a walk goes forwards through memory and leaves a branch in one step.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "constraint/matcher/token_mask.h"

namespace facet::constraint {

class TokenTrie {
 public:
  struct Entry {
    std::string_view text;  // not empty
    TokenId token;
  };
  struct Node {
    uint32_t end;          // index behind the node's descendants
    uint32_t first_token;  // tokens that end here: from here to the next node's
    uint16_t depth;        // bytes on the way here
    uint8_t byte;          // the last of them
  };

  TokenTrie() : TokenTrie(std::vector<Entry>{}) {}
  explicit TokenTrie(std::vector<Entry> entries);  // any order; a text may have several tokens

  bool empty() const noexcept { return tokens_.empty(); }
  // Node 0 is the root, of depth 0.
  uint32_t n_nodes() const noexcept { return static_cast<uint32_t>(nodes_.size() - 1); }
  const Node& operator[](uint32_t i) const noexcept { return nodes_[i]; }
  std::span<const TokenId> tokens_at(uint32_t i) const noexcept {
    return std::span(tokens_).subspan(nodes_[i].first_token, nodes_[i + 1].first_token - nodes_[i].first_token);
  }
  // Of the node and its descendants.
  std::span<const TokenId> tokens_below(uint32_t i) const noexcept {
    return std::span(tokens_).subspan(nodes_[i].first_token, nodes_[nodes_[i].end].first_token - nodes_[i].first_token);
  }
  size_t max_depth() const noexcept { return max_depth_; }
  size_t n_bytes() const noexcept { return nodes_.capacity() * sizeof(Node) + tokens_.capacity() * sizeof(TokenId); }

 private:
  void build(std::span<const Entry> entries);

  std::vector<Node> nodes_;  // and one behind them all
  std::vector<TokenId> tokens_;
  size_t max_depth_ = 0;
};

}  // namespace facet::constraint
