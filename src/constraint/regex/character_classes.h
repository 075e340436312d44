// The sets of characters that patterns name.
#pragma once

#include <optional>
#include <string_view>

#include "constraint/regex/characters.h"

namespace facet::constraint {

CharacterSet digit_class();            // \d
CharacterSet word_class();             // \w
CharacterSet space_class();            // \s
CharacterSet line_terminator_class();  // what a dot does not match
// \p{name}: a general category by its short or long name, with or without "gc=", or Any, ASCII, Assigned.
std::optional<CharacterSet> property_class(std::string_view name);
// With the other case of each letter.
CharacterSet without_case(const CharacterSet& set);

}  // namespace facet::constraint
