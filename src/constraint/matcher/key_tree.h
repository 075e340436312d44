// The keys of an object's properties as a prefix tree: one place in it stands for all keys that begin alike, however
// many there are. A node knows which range of the sorted keys lies below it, so that it is seen at once whether a key
// is left that has not been used.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace facet::constraint {

class KeyTrees {
 public:
  struct Node {
    std::vector<std::pair<uint8_t, uint32_t>> children;  // by byte, sorted
    uint32_t first, end;                                 // keys below, of the sorted ones
    int32_t key = -1;                                    // the key that ends here
    uint32_t depth = 0;                                  // bytes of the keys that lie before it
  };

  // keys: sorted, different. Returns the root.
  uint32_t add(std::span<const std::string_view> keys) {
    const auto root = static_cast<uint32_t>(nodes_.size());
    nodes_.push_back({{}, 0, static_cast<uint32_t>(keys.size()), -1, 0});
    for (uint32_t k = 0; k < keys.size(); ++k) {
      uint32_t at = root;
      for (const char c : keys[k]) at = child(at, static_cast<uint8_t>(c), k);
      nodes_[at].key = static_cast<int32_t>(k);
    }
    return root;
  }

  const Node& operator[](uint32_t i) const noexcept { return nodes_[i]; }
  size_t n_bytes() const noexcept { return nodes_.size() * (sizeof(Node) + 16); }

 private:
  // Keys come sorted, so a new child is the last.
  uint32_t child(uint32_t at, uint8_t byte, uint32_t key) {
    const uint32_t depth = nodes_[at].depth + 1;
    auto& children = nodes_[at].children;
    if (children.empty() || children.back().first != byte) {
      children.emplace_back(byte, static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back({{}, key, key, -1, depth});
    }
    const uint32_t there = nodes_[at].children.back().second;
    nodes_[there].end = key + 1;
    return there;
  }

  std::vector<Node> nodes_;
};

}  // namespace facet::constraint
