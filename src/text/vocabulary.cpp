#include "text/vocabulary.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

}  // namespace

Vocabulary::Vocabulary(const std::vector<std::string_view>& pieces, const std::string& source) {
  constexpr size_t kMaxPieces = 1 << 20;
  size_t n_bytes = 0;
  for (const std::string_view piece : pieces) n_bytes += piece.size();
  if (n_bytes > UINT32_MAX || pieces.size() > kMaxPieces)
    throw_error<FormatError>("{}: a vocabulary of {} pieces and {} bytes is too large", source, pieces.size(), n_bytes);
  text_.reserve(n_bytes);
  ends_.reserve(pieces.size() + 1);
  ends_.push_back(0);
  slots_.assign(std::bit_ceil(pieces.size() + pieces.size() / 2 + 1), Slot{0, -1});
  mask_ = slots_.size() - 1;
  for (size_t i = 0; i < pieces.size(); ++i) {
    text_.append(pieces[i]);
    longest_bytes_ = std::max(longest_bytes_, pieces[i].size());
    ends_.push_back(static_cast<uint32_t>(text_.size()));
    if (pieces[i].empty()) continue;
    if (!starts_character(pieces[i][0])) throw_error<FormatError>("{}: the text of token {} is not UTF-8", source, i);
    const uint64_t hash = Vocabulary::hash(pieces[i]);
    const auto tag = static_cast<uint32_t>(hash >> 32);
    uint64_t at = hash & mask_;
    for (; slots_[at].id >= 0; at = (at + 1) & mask_)
      if (slots_[at].tag == tag && piece(slots_[at].id) == pieces[i])
        throw_error<FormatError>("{}: tokens {} and {} are the same text \"{}\"", source, slots_[at].id, i, pieces[i]);
    slots_[at] = {tag, static_cast<TokenId>(i)};
  }
  // As every piece starts a character, all are valid if their concatenation is.
  if (!is_utf8(text_)) throw_error<FormatError>("{}: the text of the tokens is not UTF-8", source);
}

uint64_t Vocabulary::hash(std::string_view piece) noexcept { return XXH3_64bits(piece.data(), piece.size()); }

TokenId Vocabulary::find(std::string_view text, uint64_t hash) const noexcept {
  const auto tag = static_cast<uint32_t>(hash >> 32);
  for (uint64_t at = hash & mask_; slots_[at].id >= 0; at = (at + 1) & mask_)
    if (slots_[at].tag == tag && piece(slots_[at].id) == text) return slots_[at].id;
  return -1;
}

}  // namespace facet::text
