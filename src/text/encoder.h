// Plain text -> ids: cut where nothing merges across, merge each segment, spell the rest in bytes. Control tokens are
// the caller's business; none comes out of here.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "text/merges.h"
#include "text/piece_classes.h"
#include "text/segment.h"
#include "text/segment_cache.h"
#include "text/utf8.h"
#include "text/vocabulary.h"

namespace facet::text {

class Encoder {
 public:
  // vocabulary must outlive this.
  Encoder(const TokenizerParts& parts, const Vocabulary& vocabulary, const PieceClasses& classes);
  Encoder(const Encoder&) = delete;  // joins_ points into it
  Encoder& operator=(const Encoder&) = delete;

  // Buffers of one call.
  struct Work {
    explicit Work(size_t text_bytes) : cache(text_bytes) {}
    std::vector<Symbol> symbols;
    std::vector<Merge> pairs;
    SegmentCache cache;
  };

  // text: valid UTF-8, at most kMaxBytes. Appends to `out`.
  static constexpr size_t kMaxBytes = size_t{1} << 30;
  void encode(std::string_view text, Work& work, std::vector<TokenId>& out) const;

 private:
  TokenId character_token(Character character, std::string_view text) const noexcept;
  void encode_segment(std::string_view segment, Work& work, std::vector<TokenId>& out) const;
  void merge(std::string_view segment, Work& work) const;
  void emit(std::string_view segment, const Symbol& symbol, std::vector<TokenId>& out) const;

  const Vocabulary* vocabulary_;
  std::vector<bool> forbidden_;
  std::array<TokenId, 256> byte_tokens_;
  std::vector<TokenId> basic_plane_;  // of the characters up to U+FFFF; -1: none
  std::optional<MergeTable> merges_;  // one of the two
  std::optional<PieceScores> scores_;
  const JoinFilter* joins_;
};

}  // namespace facet::text
