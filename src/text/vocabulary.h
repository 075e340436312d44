// The pieces of a tokenizer: id -> bytes and bytes -> id. All text lies in one block, so loading 262,144 pieces costs a
// handful of allocations. Every piece is valid UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace facet::text {

class Vocabulary {
 public:
  // Throws FormatError when a piece occurs twice (an empty one may) or is not UTF-8. source: for messages.
  Vocabulary(const std::vector<std::string_view>& pieces, const std::string& source);

  int size() const noexcept { return static_cast<int>(ends_.size()) - 1; }
  size_t longest_bytes() const noexcept { return longest_bytes_; }  // of a piece
  bool has(TokenId id) const noexcept { return id >= 0 && id < size(); }
  std::string_view piece(TokenId id) const noexcept {  // has(id)
    const auto i = static_cast<size_t>(id);
    return {text_.data() + ends_[i], ends_[i + 1] - ends_[i]};
  }
  // -1 when there is none.
  TokenId find(std::string_view piece) const noexcept { return find(piece, hash(piece)); }

  // The same in steps, for many look-ups at once: the fetch asks for the memory that the next step would wait for.
  static uint64_t hash(std::string_view piece) noexcept;
  void fetch_slot(uint64_t hash) const noexcept { __builtin_prefetch(&slots_[hash & mask_]); }
  TokenId find(std::string_view piece, uint64_t hash) const noexcept;
  // The same for a text that should be a piece, by its hash alone: a fraction of the memory is touched. What is no
  // piece is taken for one with a chance of one in 2^32.
  TokenId find_by_hash(std::string_view piece, uint64_t hash) const noexcept {
    if (!tags_differ_) return find(piece, hash);
    const auto tag = static_cast<uint32_t>(hash >> 32);
    for (uint64_t at = hash & mask_; slots_[at].id >= 0; at = (at + 1) & mask_)
      if (slots_[at].tag == tag) return slots_[at].id;
    return -1;
  }

 private:
  // Open addressing: a slot holds an id and 32 more bits of the hash, so that most misses touch no text.
  struct Slot {
    uint32_t tag;
    TokenId id;
  };
  void insert(TokenId id, uint64_t hash, const std::string& source);

  std::string text_;
  std::vector<uint32_t> ends_;  // piece i is [ends_[i], ends_[i + 1])
  std::vector<Slot> slots_;
  uint64_t mask_;
  size_t longest_bytes_ = 0;
  bool tags_differ_ = true;  // of any two pieces of which a search for one meets the other
};

}  // namespace facet::text
