// Where a text stands in a grammar. A thread is one way of reading it: the expression that is being read, and the
// frames around it, from the innermost to the root. All are stored once, so equal ways are equal numbers.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "constraint/grammar/grammar.h"
#include "constraint/matcher/interned.h"
#include "constraint/matcher/seen_texts.h"

namespace facet::constraint {

using FrameId = uint32_t;
using TextId = uint32_t;  // bytes read since something that must be unlike its neighbours began

constexpr TextId kNoText = 0, kEmptyText = 1;
constexpr FrameId kRoot = 0;

// What is being read inside an object or an array.
enum class Phase : uint8_t { Open, Key, OtherKey, Colon, Value, Comma };

struct Frame {
  NodeId node = Grammar::kNoNode;
  FrameId parent = kRoot;
  uint32_t at = 0;     // Sequence: index of the part; Repeat: how many are done; objects and arrays: members so far
  SetId used = 0;      // Object: indices of the keys that are there, in the order of its key tree
  SetId seen = 0;      // texts of the items, or of the keys without a name in the grammar, that must not come again
  uint32_t which = 0;  // Object, OtherKey and Colon: the property, or behind those the entry of `others`
  uint32_t start = 0;  // length of the recorded text where the item or key began
  Phase phase = Phase::Open;

  bool operator==(const Frame&) const = default;
};

inline uint64_t hash_value(const Frame& f) noexcept {
  uint64_t h = mix_hash(uint64_t{f.node} << 32 | f.parent, uint64_t{f.at} << 32 | f.used);
  h = mix_hash(h, uint64_t{f.seen} << 32 | f.which);
  return mix_hash(h, uint64_t{f.start} << 8 | static_cast<uint8_t>(f.phase));
}

// A position in the tree of an object's keys is told from an expression by its highest bit.
constexpr uint32_t kKeyBit = 0x80000000u;

struct Thread {
  uint32_t state;  // RegexId, or kKeyBit and a KeyTree node
  FrameId frame;
  TextId text;

  bool is_key() const noexcept { return (state & kKeyBit) != 0; }
  auto operator<=>(const Thread&) const = default;
};

// The bytes of recorded texts, each a byte behind another text.
class RecordedTexts {
 public:
  RecordedTexts() : nodes_{{kNoText, 0, 0}, {kNoText, 0, 0}} {}
  TextId append(TextId text, uint8_t byte) {
    const uint64_t key = uint64_t{text} << 8 | byte;
    const auto [it, is_new] = next_.try_emplace(key, static_cast<TextId>(nodes_.size()));
    if (is_new) nodes_.push_back({text, nodes_[text].length + 1, byte});
    return it->second;
  }
  uint32_t length(TextId text) const noexcept { return nodes_[text].length; }
  std::string from(TextId text, uint32_t start) const {
    std::string out(nodes_[text].length - start, '\0');
    for (size_t i = out.size(); i-- > 0; text = nodes_[text].before) out[i] = static_cast<char>(nodes_[text].byte);
    return out;
  }
  size_t n_bytes() const noexcept { return nodes_.capacity() * sizeof(Node) + next_.size() * 32; }

 private:
  struct Node {
    TextId before;
    uint32_t length;
    uint8_t byte;
  };
  std::vector<Node> nodes_;
  std::unordered_map<uint64_t, TextId> next_;
};

}  // namespace facet::constraint
