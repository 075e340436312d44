#include "documents/segment.h"

namespace facet::documents {

std::string words_of(const Pieces& pieces) {
  std::string words;
  for (const Piece& piece : pieces) words += piece.text;
  return words;
}

bool has_letters(std::string_view words) noexcept {
  for (size_t i = 0; i < words.size(); ++i) {
    const auto c = static_cast<unsigned char>(words[i]);
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
    if (c < 0xc2) continue;
    const auto next = i + 1 < words.size() ? static_cast<unsigned char>(words[i + 1]) : 0;
    const bool is_latin_symbol = c == 0xc2;              // U+0080..U+00BF
    const bool is_symbol = c == 0xe2 && next < 0xb0;     // U+2000..U+2BFF: punctuation, arrows, signs
    const bool is_cjk_mark = c == 0xe3 && next == 0x80;  // U+3000..U+303F
    const bool is_emoji = c >= 0xf0 && next == 0x9f;     // U+1F000..U+1FFFF
    if (!is_latin_symbol && !is_symbol && !is_cjk_mark && !is_emoji) return true;
  }
  return false;
}

bool keeps_marks(const Segment& segment, const Pieces& pieces) {
  std::vector<bool> seen(segment.partners.size());
  std::vector<int> open;  // marks whose partners have yet to come
  int last = 0;
  for (const Piece& piece : pieces) {
    if (piece.mark == 0) continue;
    if (piece.mark < 0 || piece.mark > segment.n_marks() || seen[piece.mark - 1]) return false;
    seen[piece.mark - 1] = true;
    if (segment.keeps_order && piece.mark != last + 1) return false;
    last = piece.mark;
    const int partner = segment.partners[piece.mark - 1];
    if (partner > piece.mark) {
      open.push_back(piece.mark);
    } else if (partner > 0) {
      if (open.empty() || open.back() != partner) return false;
      open.pop_back();
    }
  }
  for (const bool was_seen : seen)
    if (!was_seen) return false;
  return open.empty();
}

}  // namespace facet::documents
