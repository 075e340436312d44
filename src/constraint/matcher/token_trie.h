// Texts of tokens as a prefix tree. Siblings lie side by side, since most walks look at all children of few nodes; the
// tokens below a node are one range, so a branch is taken as a whole.
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
    uint32_t first_child;             // the children are n_children from here on
    uint32_t first_token, end_token;  // those of the node itself, then those of its descendants
    uint16_t n_children;
    uint8_t byte;
  };

  TokenTrie() : TokenTrie(std::vector<Entry>{}) {}
  explicit TokenTrie(std::vector<Entry> entries);  // any order; a text may have several tokens

  bool empty() const noexcept { return tokens_.empty(); }
  const Node& root() const noexcept { return nodes_[0]; }
  std::span<const Node> children(const Node& node) const noexcept {
    return std::span(nodes_).subspan(node.first_child, node.n_children);
  }
  std::span<const TokenId> tokens_at(const Node& node) const noexcept {
    const uint32_t end = node.n_children > 0 ? nodes_[node.first_child].first_token : node.end_token;
    return std::span(tokens_).subspan(node.first_token, end - node.first_token);
  }
  // Of the node and its descendants.
  std::span<const TokenId> tokens_below(const Node& node) const noexcept {
    return std::span(tokens_).subspan(node.first_token, node.end_token - node.first_token);
  }
  size_t n_nodes() const noexcept { return nodes_.size(); }
  size_t n_bytes() const noexcept { return nodes_.capacity() * sizeof(Node) + tokens_.capacity() * sizeof(TokenId); }

 private:
  std::vector<Node> nodes_;  // siblings side by side, and behind them what is below the first
  std::vector<TokenId> tokens_;
};

}  // namespace facet::constraint
