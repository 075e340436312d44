// What the tests of formats share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "documents/document.h"

namespace facet::documents {

// A segment as a translator sees it: marks as <1>, <2>, ...
inline std::string shown(const Pieces& pieces) {
  std::string out;
  for (const Piece& piece : pieces) out += piece.mark > 0 ? "<" + std::to_string(piece.mark) + ">" : piece.text;
  return out;
}

inline std::vector<std::string> segments_of(Format format, const std::string& text) {
  std::vector<std::string> out;
  const auto document = split(format, text, "test");
  for (const Segment& segment : document->segments()) out.push_back(shown(segment.pieces));
  return out;
}

inline std::vector<Pieces> identity(const Document& document) {
  std::vector<Pieces> out;
  for (const Segment& segment : document.segments()) out.push_back(segment.pieces);
  return out;
}

// A translation that changes every segment: into capitals, and each piece of words ends in `ending`.
inline std::vector<Pieces> capitals(const Document& document, const std::string& ending = "") {
  std::vector<Pieces> out = identity(document);
  for (Pieces& pieces : out)
    for (Piece& piece : pieces) {
      if (piece.mark > 0) continue;
      for (char& c : piece.text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      piece.text += ending;
    }
  return out;
}

// The document after that translation.
inline std::string in_capitals(Format format, const std::string& text, const std::string& ending = "") {
  const auto document = split(format, text, "test");
  EXPECT_EQ(document->join(identity(*document)), text);
  return document->join(capitals(*document, ending));
}

}  // namespace facet::documents
