// What a reader sees of a document, in pieces that a translator can work on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace facet::documents {

// Words, or a mark: mark-up among the words, of which only the number is seen.
struct Piece {
  std::string text;  // of words, UTF-8
  int mark = 0;      // 1.. in the order of the document; 0: words

  bool operator==(const Piece&) const = default;
};
using Pieces = std::vector<Piece>;

// A paragraph, a heading, a cell, a cue: what is translated as a whole. It has words, and a mark neither opens nor ends
// it without need.
struct Segment {
  Pieces pieces;
  std::vector<int> partners;  // of mark i + 1: the mark that closes or opens it, 0: it stands alone
  bool keeps_order = false;   // its marks must stay in order; else those that have partners may move together

  int n_marks() const noexcept { return static_cast<int>(partners.size()); }
};

// The words alone.
std::string words_of(const Pieces& pieces);

// A letter of some script: digits, punctuation and symbols alone need no translation.
bool has_letters(std::string_view words) noexcept;

// Whether `pieces` has every mark of the segment once, in an order that it allows.
bool keeps_marks(const Segment& segment, const Pieces& pieces);

}  // namespace facet::documents
