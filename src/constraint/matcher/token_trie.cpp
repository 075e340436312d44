#include "constraint/matcher/token_trie.h"

#include <algorithm>

namespace facet::constraint {

TokenTrie::TokenTrie(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.text != b.text ? a.text < b.text : a.token < b.token; });
  build(entries);
}

// Sorted texts are the order of the walk; a node ends where the next text leaves its path.
void TokenTrie::build(std::span<const Entry> entries) {
  std::vector<uint32_t> path{0};  // nodes on the way to the text before
  nodes_.push_back({0, 0, 0, 0});
  std::string_view before;
  const auto leave = [&](size_t depth) {
    for (; path.size() > depth + 1; path.pop_back()) nodes_[path.back()].end = static_cast<uint32_t>(nodes_.size());
  };
  for (const Entry& entry : entries) {
    const auto differs =
        std::mismatch(before.begin(), before.end(), entry.text.begin(), entry.text.end()).second - entry.text.begin();
    leave(static_cast<size_t>(differs));
    for (auto i = static_cast<size_t>(differs); i < entry.text.size(); ++i) {
      path.push_back(static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back({0, static_cast<uint32_t>(tokens_.size()), static_cast<uint16_t>(i + 1),
                        static_cast<uint8_t>(entry.text[i])});
    }
    tokens_.push_back(entry.token);
    max_depth_ = std::max(max_depth_, entry.text.size());
    before = entry.text;
  }
  leave(0);
  nodes_[0].end = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({0, static_cast<uint32_t>(tokens_.size()), 0, 0});
}

}  // namespace facet::constraint
