// Grammars as text: GBNF, llama.cpp's notation.
#pragma once

#include <string_view>

#include "constraint/grammar/grammar.h"

namespace facet::constraint {

// Throws RequestError with line and column, what was expected and found.
void parse_gbnf(Grammar& grammar, std::string_view text);

}  // namespace facet::constraint
