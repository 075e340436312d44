// Which adjacent symbols merge, into what, and how early. Two kinds: a ranked list of pairs (BPE), or scores of the
// resulting pieces (SentencePiece).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace facet::text {

struct Merge {
  uint32_t rank;  // lower merges first; kNone: no merge
  TokenId result;
  static constexpr uint32_t kNone = UINT32_MAX;
};

// Ranked pairs in one open-addressed table of 8-byte slots.
class MergeTable {
 public:
  // merges: by rank; results in `forbidden` (by id) are dropped. Throws FormatError when a half or a result is no
  // token. Uses two threads for large lists.
  MergeTable(const std::vector<MergePair>& merges, const Vocabulary& vocabulary, const std::vector<bool>& forbidden,
             const std::string& source);

  Merge find(TokenId left, TokenId right) const noexcept {
    const uint64_t key = pack(left, right);
    for (uint64_t at = hash(key) & mask_; slots_[at] != kEmpty; at = (at + 1) & mask_)
      if (slots_[at] >> kRankBits == key) {
        const auto rank = static_cast<uint32_t>(slots_[at] & kRankMask);
        return {rank, results_[rank]};
      }
    return {Merge::kNone, -1};
  }

 private:
  static constexpr int kIdBits = 20, kRankBits = 24;
  static constexpr uint64_t kRankMask = (uint64_t{1} << kRankBits) - 1, kEmpty = UINT64_MAX;

  static uint64_t pack(TokenId left, TokenId right) noexcept {
    return static_cast<uint64_t>(left) << kIdBits | static_cast<uint64_t>(right);
  }
  static uint64_t hash(uint64_t key) noexcept { return key * 0x9e3779b97f4a7c15u >> 32; }

  std::vector<uint64_t> slots_;
  std::vector<TokenId> results_;  // by rank
  uint64_t mask_ = 0;
};

}  // namespace facet::text
