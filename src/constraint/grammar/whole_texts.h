// The simplest grammars: a text that an expression matches as a whole, and one of several texts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "constraint/grammar/grammar.h"

namespace facet::constraint {

// Throws RequestError as parse_pattern() does.
NodeId add_pattern(Grammar& grammar, std::string_view pattern);
NodeId add_choices(Grammar& grammar, const std::vector<std::string>& choices);

}  // namespace facet::constraint
