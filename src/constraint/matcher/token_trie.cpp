#include "constraint/matcher/token_trie.h"

#include <algorithm>

namespace facet::constraint {

// A node's range of the sorted texts is cut where their next byte changes. In the order of a walk, so that what a walk
// reads next lies behind what it has read.
TokenTrie::TokenTrie(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.text != b.text ? a.text < b.text : a.token < b.token; });
  for (const Entry& entry : entries) tokens_.push_back(entry.token);
  const auto n = static_cast<uint32_t>(entries.size());
  nodes_.push_back({0, 0, n, 0, 0});
  struct Place {
    size_t node, depth;
  };
  std::vector<Place> open = {{0, 0}};
  while (!open.empty()) {
    const auto [i, depth] = open.back();
    open.pop_back();
    nodes_[i].first_child = static_cast<uint32_t>(nodes_.size());
    uint32_t at = nodes_[i].first_token;
    const uint32_t end = nodes_[i].end_token;
    while (at < end && entries[at].text.size() == depth) ++at;
    while (at < end) {
      const auto byte = static_cast<uint8_t>(entries[at].text[depth]);
      const uint32_t first = at;
      while (at < end && static_cast<uint8_t>(entries[at].text[depth]) == byte) ++at;
      nodes_.push_back({0, first, at, 0, byte});
      ++nodes_[i].n_children;
    }
    for (size_t c = nodes_.size(); c-- > nodes_[i].first_child;) open.push_back({c, depth + 1});
  }
  nodes_.shrink_to_fit();
}

}  // namespace facet::constraint
