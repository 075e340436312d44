#include "text/encoder.h"

#include "base/error.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

constexpr char32_t kBasicPlane = 0x10000;
// Symbols up to which scanning for the best pair beats a heap; measured on English and Chinese.
constexpr size_t kShort = 48;

}  // namespace

Encoder::Encoder(const TokenizerParts& parts, const Vocabulary& vocabulary, const PieceClasses& classes)
    : vocabulary_(&vocabulary),
      forbidden_(classes.forbidden),
      byte_tokens_(classes.byte_tokens),
      basic_plane_(kBasicPlane, -1) {
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    const std::string_view piece = vocabulary.piece(id);
    if (piece.empty() || piece.size() > 3 || forbidden_[static_cast<size_t>(id)]) continue;
    if (const Character c = first_character(piece); c.n_bytes == piece.size()) basic_plane_[c.code] = id;
  }
  if (parts.kind == TokenizerParts::Kind::BpeMerges) {
    merges_.emplace(parts.merges, vocabulary, forbidden_, parts.source);
    joins_ = &merges_->joins();
  } else {
    if (parts.scores.size() != parts.tokens.size())
      throw_error<FormatError>("{}: {} token scores for {} tokens", parts.source, parts.scores.size(),
                               parts.tokens.size());
    scores_.emplace(parts.scores, vocabulary, forbidden_);
    joins_ = &scores_->joins();
  }
}

void Encoder::encode(std::string_view text, Work& work, std::vector<TokenId>& out) const {
  const std::string normal = replace_all(text, " ", kSpaceSymbol);
  const std::string_view all = normal;
  size_t begin = 0;
  char32_t previous = 0;
  for (size_t i = 0; i < all.size();) {
    const Character c = first_character(all.substr(i));
    if (i > begin && !joins_->may_join(previous, c.code)) {
      encode_segment(all.substr(begin, i - begin), work, out);
      begin = i;
    }
    previous = c.code;
    i += c.n_bytes;
  }
  if (begin < all.size()) encode_segment(all.substr(begin), work, out);
}

void Encoder::encode_segment(std::string_view segment, Work& work, std::vector<TokenId>& out) const {
  const bool cached = segment.size() <= SegmentCache::kMaxBytes;
  const SegmentCache::Key key = cached ? SegmentCache::key(segment) : SegmentCache::Key{};
  if (cached) {
    const auto known = work.cache.find(key);
    out.insert(out.end(), known.begin(), known.end());
    if (!known.empty()) return;
  }
  work.symbols.clear();
  for (uint32_t i = 0; i < segment.size();) {
    const Character c = first_character(segment.substr(i));
    const auto end = static_cast<uint32_t>(i + c.n_bytes);
    work.symbols.push_back({i, end, character_token(c, segment.substr(i, c.n_bytes))});
    i = end;
  }
  if (work.symbols.size() > 1) merge(segment, work);
  const size_t first = out.size();
  for (const Symbol& symbol : work.symbols) emit(segment, symbol, out);
  if (cached) work.cache.store(key, std::span(out).subspan(first));
}

TokenId Encoder::character_token(Character character, std::string_view text) const noexcept {
  if (character.code < kBasicPlane) return basic_plane_[character.code];
  const TokenId id = vocabulary_->find(text);
  return id >= 0 && forbidden_[static_cast<size_t>(id)] ? -1 : id;
}

void Encoder::merge(std::string_view segment, Work& work) const {
  const auto run = [&](auto&& find) {
    if (work.symbols.size() <= kShort)
      merge_short(work.symbols, work.pairs, find);
    else
      merge_long(work.symbols, find);
  };
  if (merges_) {
    run([&](const Symbol& left, const Symbol& right) {
      return left.id < 0 || right.id < 0 ? Merge{Merge::kNone, -1} : merges_->find(left.id, right.id);
    });
  } else {
    run([&](const Symbol& left, const Symbol& right) {
      return scores_->find(segment.substr(left.begin, right.end - left.begin));
    });
  }
}

// A symbol that is no token is spelled in bytes.
void Encoder::emit(std::string_view segment, const Symbol& symbol, std::vector<TokenId>& out) const {
  if (symbol.id >= 0) {
    out.push_back(symbol.id);
    return;
  }
  for (uint32_t i = symbol.begin; i < symbol.end; ++i)
    out.push_back(byte_tokens_[static_cast<unsigned char>(segment[i])]);
}

}  // namespace facet::text
