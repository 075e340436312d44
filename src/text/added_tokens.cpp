#include "text/added_tokens.h"

namespace facet::text {

uint32_t AddedTokens::find_child(uint32_t node, unsigned char byte) const noexcept {
  uint32_t at = nodes_[node].child;
  while (at != kNone && nodes_[at].byte != byte) at = nodes_[at].sibling;
  return at;
}

void AddedTokens::add(std::string_view text, TokenId id, bool needs_permission) {
  if (text.empty()) return;
  uint32_t node = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    uint32_t child = find_child(node, byte);
    if (child == kNone) {
      child = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back({byte, false, -1, kNone, nodes_[node].child});
      nodes_[node].child = child;
    }
    node = child;
  }
  if (nodes_[node].id >= 0) return;
  nodes_[node].id = id;
  nodes_[node].needs_permission = needs_permission;
  const auto first = static_cast<unsigned char>(text[0]);
  starts_any_[first] = true;
  starts_plain_[first] |= !needs_permission;
  any_plain_ |= !needs_permission;
}

AddedTokens::Match AddedTokens::longest_at(std::string_view text, size_t at, bool with_permission) const noexcept {
  Match match{at, at, -1};
  uint32_t node = 0;
  for (size_t i = at; i < text.size(); ++i) {
    node = find_child(node, static_cast<unsigned char>(text[i]));
    if (node == kNone) break;
    const Node& n = nodes_[node];
    if (n.id >= 0 && (with_permission || !n.needs_permission)) match = {at, i + 1, n.id};
  }
  return match;
}

AddedTokens::Match AddedTokens::find(std::string_view text, size_t from, bool with_permission) const noexcept {
  constexpr Match kNothing{std::string_view::npos, std::string_view::npos, -1};
  if (!with_permission && !any_plain_) return kNothing;
  const auto& starts = with_permission ? starts_any_ : starts_plain_;
  for (size_t i = from; i < text.size(); ++i) {
    if (!starts[static_cast<unsigned char>(text[i])]) continue;
    if (const Match match = longest_at(text, i, with_permission); match.id >= 0) return match;
  }
  return kNothing;
}

}  // namespace facet::text
