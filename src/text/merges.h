// Which adjacent symbols merge, into what, and how early. Two kinds: a ranked list of pairs (BPE), or scores of the
// resulting pieces (SentencePiece). Merges into `forbidden` tokens (by id) do not exist for either.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/join_filter.h"
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
  // merges: by rank; a repeated pair keeps its first. Throws FormatError when a half or a result is no token. Uses two
  // threads for large lists.
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
  const JoinFilter& joins() const noexcept { return joins_; }

 private:
  static constexpr int kIdBits = 20, kRankBits = 24;
  static constexpr uint64_t kRankMask = (uint64_t{1} << kRankBits) - 1, kEmpty = UINT64_MAX;

  static uint64_t pack(TokenId left, TokenId right) noexcept {
    return static_cast<uint64_t>(left) << kIdBits | static_cast<uint64_t>(right);
  }
  static uint64_t hash(uint64_t key) noexcept { return key * 0x9e3779b97f4a7c15u >> 32; }
  void insert(TokenId left, TokenId right, size_t rank) noexcept;

  std::vector<uint64_t> slots_;
  std::vector<TokenId> results_;  // by rank
  uint64_t mask_ = 0;
  JoinFilter joins_;
};

// SentencePiece: two symbols merge if their text is a piece, those into the highest score first.
class PieceScores {
 public:
  // scores: one for each piece of `vocabulary`, which must outlive this.
  PieceScores(std::vector<float> scores, const Vocabulary& vocabulary, const std::vector<bool>& forbidden);

  Merge find(std::string_view joined) const noexcept {
    const TokenId id = vocabulary_->find(joined);
    return id < 0 ? Merge{Merge::kNone, -1} : Merge{ranks_[static_cast<size_t>(id)], id};
  }
  const JoinFilter& joins() const noexcept { return joins_; }

 private:
  const Vocabulary* vocabulary_;
  std::vector<uint32_t> ranks_;  // by id; kNone: forbidden
  JoinFilter joins_;
};

}  // namespace facet::text
