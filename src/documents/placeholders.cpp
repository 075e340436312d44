#include "documents/placeholders.h"

#include <fmt/format.h>

namespace facet::documents {
namespace {

struct Placeholder {
  size_t begin = 0, end = 0;  // in the text
  int number = 0;
  bool closes = false, is_alone = false;
};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The next <N>, </N> or <N/> from `at` on; N has at most five digits.
std::optional<Placeholder> find_placeholder(const std::string& text, size_t at) {
  for (; (at = text.find('<', at)) != std::string::npos; ++at) {
    Placeholder found{at, at + 1};
    if (found.end < text.size() && text[found.end] == '/') {
      found.closes = true;
      ++found.end;
    }
    const size_t digits = found.end;
    while (found.end < text.size() && is_digit(text[found.end]) && found.end < digits + 5)
      found.number = found.number * 10 + (text[found.end++] - '0');
    if (found.end == digits) continue;
    if (!found.closes && found.end + 1 < text.size() && text[found.end] == '/') {
      found.is_alone = true;
      ++found.end;
    }
    if (found.end == text.size() || text[found.end] != '>') continue;
    ++found.end;
    return found;
  }
  return {};
}

// A pair has the number of the mark that opens it.
std::string tag_of(const Segment& segment, int mark) {
  const int partner = segment.partners[mark - 1];
  if (partner == 0) return fmt::format("<{}/>", mark);
  return partner > mark ? fmt::format("<{}>", mark) : fmt::format("</{}>", partner);
}

// 0: the segment has no such mark.
int mark_of(const Segment& segment, const Placeholder& tag) {
  if (tag.number < 1 || tag.number > segment.n_marks()) return 0;
  const int partner = segment.partners[tag.number - 1];
  if (tag.is_alone) return partner == 0 ? tag.number : 0;
  if (partner < tag.number) return 0;
  return tag.closes ? partner : tag.number;
}

}  // namespace

std::optional<std::string> with_placeholders(const Segment& segment) {
  std::string out;
  for (const Piece& piece : segment.pieces) {
    if (piece.mark == 0 && find_placeholder(piece.text, 0)) return {};
    out += piece.mark > 0 ? tag_of(segment, piece.mark) : piece.text;
  }
  return out;
}

std::optional<Pieces> without_placeholders(const Segment& segment, const std::string& answer) {
  Pieces pieces;
  size_t at = 0;
  while (const auto tag = find_placeholder(answer, at)) {
    if (tag->begin > at) pieces.push_back({answer.substr(at, tag->begin - at)});
    const int mark = mark_of(segment, *tag);
    if (mark == 0) return {};
    pieces.push_back({"", mark});
    at = tag->end;
  }
  if (at < answer.size()) pieces.push_back({answer.substr(at)});
  if (!keeps_marks(segment, pieces)) return {};
  return pieces;
}

}  // namespace facet::documents
