// The pieces of a tokenizer: id -> bytes and bytes -> id. All text lies in one block, so loading 262,144 pieces costs a
// handful of allocations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace facet::text {

class Vocabulary {
 public:
  // Throws FormatError when a piece occurs twice (an empty piece may). source: for messages.
  Vocabulary(const std::vector<std::string_view>& pieces, const std::string& source);

  int size() const noexcept { return static_cast<int>(ends_.size()) - 1; }
  std::string_view piece(TokenId id) const noexcept {
    return std::string_view(text_).substr(ends_[static_cast<size_t>(id)],
                                          ends_[static_cast<size_t>(id) + 1] - ends_[static_cast<size_t>(id)]);
  }
  // -1 when there is none.
  TokenId find(std::string_view piece) const noexcept;

 private:
  // Open addressing: a slot holds an id and 32 more bits of the hash, so that most misses touch no text.
  struct Slot {
    uint32_t tag;
    TokenId id;
  };
  std::string text_;
  std::vector<uint32_t> ends_;  // piece i is [ends_[i], ends_[i + 1])
  std::vector<Slot> slots_;
  uint64_t mask_;
};

}  // namespace facet::text
