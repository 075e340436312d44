// Grammars as text: a subset of Lark's notation.
#pragma once

#include <string_view>

#include "constraint/grammar/grammar.h"

namespace facet::constraint {

// Rules (lower case), terminals (upper case), literals "..." and "..."i, /regex/flags, ranges "a".."z", ( ) [ ] | ? * +
// ~n ~n..m, %ignore, %import common.X for the common terminals, priorities and aliases (which change no language).
// Throws RequestError with line and column, what was expected and found.
void parse_lark(Grammar& grammar, std::string_view text);

}  // namespace facet::constraint
