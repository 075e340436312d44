// Which adjacent characters some merge may join. A merge joins the last character of its left half to the first of its
// right half; where no merge has such a pair, no symbol ever reaches across, and text may be cut there: its parts give
// the same tokens alone. In prose that is every word; the heap is left to what has no such place.
#pragma once

#include <cstdint>
#include <vector>

namespace facet::text {

// A set of pairs as one bit per hash: a pair that collides with a member costs a cut, never a token. The 33,695 pairs
// of Gemma's merges set 3 bits in a hundred.
class JoinFilter {
 public:
  JoinFilter() : bits_(size_t{1} << (kLogBits - 6)) {}

  static uint32_t slot(char32_t left, char32_t right) noexcept {
    const uint64_t pair = static_cast<uint64_t>(left) << 32 | right;
    return static_cast<uint32_t>(pair * 0x9e3779b97f4a7c15u >> (64 - kLogBits));
  }
  void add(uint32_t slot) noexcept { bits_[slot >> 6] |= uint64_t{1} << (slot & 63); }
  bool may_join(char32_t left, char32_t right) const noexcept {
    const uint32_t at = slot(left, right);
    return bits_[at >> 6] >> (at & 63) & 1;
  }

 private:
  static constexpr int kLogBits = 20;
  std::vector<uint64_t> bits_;
};

}  // namespace facet::text
