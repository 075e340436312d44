// Unicode characters as they are written: sets of code points, and texts, as expressions over bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "constraint/regex/regexes.h"

namespace facet::constraint {

struct CodePoints {  // first..last, both included
  char32_t first, last;
};
using CharacterSet = std::vector<CodePoints>;  // sorted, apart

CharacterSet normalized(CharacterSet set);
CharacterSet complement(const CharacterSet& set);  // among U+0000..U+10FFFF without surrogates

// How a string's characters are written.
enum class Writing : uint8_t {
  Plain,  // as UTF-8
  Json,   // as inside a JSON string: UTF-8; \" and \\; \b \f \n \r \t and \u00XX (either case) for what is below U+0020
};

// One character of the set. Every character has the spellings of its writing and no others, so that complements and
// intersections of expressions in one writing are those of the texts.
RegexId character(Regexes& regexes, const CharacterSet& set, Writing writing);
// This text; it is valid UTF-8.
RegexId text(Regexes& regexes, std::string_view utf8, Writing writing);
// Any `min` to `max` characters (-1: no limit).
RegexId any_text(Regexes& regexes, Writing writing, int min = 0, int max = -1);
// The same with all of JSON's spellings: \/ and \uXXXX, in pairs beyond U+FFFF, no lone surrogates. A character is one
// in any spelling.
RegexId any_json_text(Regexes& regexes, int min = 0, int max = -1);

}  // namespace facet::constraint
