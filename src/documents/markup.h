// Words as mark-up spells them: character references, escapes.
#pragma once

#include <string>
#include <string_view>

#include "documents/layout.h"

namespace facet::documents {

// New words, spelled so that they stay words: "<" is &lt; in HTML, "|" is \| in a cell of a Markdown table. Line breaks
// become spaces, and control characters go: no format has them inside a segment. opens: they stand at the beginning of
// the segment, where Markdown would take "1." for a list.
std::string encode(Writing writing, std::string_view words, bool opens);

// Character references of HTML and XML (&amp; &eacute; &#233; &#xE9;) as characters; unknown ones stay as they are.
std::string decode_references(std::string_view text);

// The reference at the front of `text` ("&amp;..."): its length and character; length 0: there is none that is known.
struct Reference {
  size_t n_bytes = 0;
  char32_t code = 0;
};
Reference reference_at(std::string_view text) noexcept;

// Runs of white space as one space each, as a browser shows them.
std::string collapse_spaces(std::string_view text);

}  // namespace facet::documents
