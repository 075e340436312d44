#include "text/vocabulary.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
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
  constexpr size_t kBlock = 16;  // insertions under way at once: they wait for memory, not for each other
  std::array<uint64_t, kBlock> hashes{};
  for (size_t begin = 0; begin < pieces.size(); begin += kBlock) {
    const size_t end = std::min(begin + kBlock, pieces.size());
    for (size_t i = begin; i < end; ++i) fetch_slot(hashes[i - begin] = hash(pieces[i]));
    for (size_t i = begin; i < end; ++i) {
      text_.append(pieces[i]);
      longest_bytes_ = std::max(longest_bytes_, pieces[i].size());
      ends_.push_back(static_cast<uint32_t>(text_.size()));
      if (!pieces[i].empty()) insert(static_cast<TokenId>(i), hashes[i - begin], source);
    }
  }
  // As every piece starts a character, all are valid if their concatenation is.
  if (!is_utf8(text_)) throw_error<FormatError>("{}: the text of the tokens is not UTF-8", source);
}

void Vocabulary::insert(TokenId id, uint64_t hash, const std::string& source) {
  const std::string_view text = piece(id);
  if (!starts_character(text[0])) throw_error<FormatError>("{}: the text of token {} is not UTF-8", source, id);
  const auto tag = static_cast<uint32_t>(hash >> 32);
  uint64_t at = hash & mask_;
  for (; slots_[at].id >= 0; at = (at + 1) & mask_) {
    if (slots_[at].tag != tag) continue;
    if (piece(slots_[at].id) == text)
      throw_error<FormatError>("{}: tokens {} and {} are the same text \"{}\"", source, slots_[at].id, id, text);
    tags_differ_ = false;
  }
  slots_[at] = {tag, id};
}

uint64_t Vocabulary::hash(std::string_view piece) noexcept { return XXH3_64bits(piece.data(), piece.size()); }

TokenId Vocabulary::find(std::string_view text, uint64_t hash) const noexcept {
  const auto tag = static_cast<uint32_t>(hash >> 32);
  for (uint64_t at = hash & mask_; slots_[at].id >= 0; at = (at + 1) & mask_)
    if (slots_[at].tag == tag && piece(slots_[at].id) == text) return slots_[at].id;
  return -1;
}

}  // namespace facet::text
