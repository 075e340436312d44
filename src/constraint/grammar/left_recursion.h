// Rules that begin with themselves (expr: expr "+" term) are rewritten to repetitions, since the matcher goes from left
// to right: it would enter them for ever.
#pragma once

#include "constraint/grammar/grammar.h"

namespace facet::constraint {

// Throws RequestError for rules that begin with themselves behind something that may be empty.
void remove_left_recursion(Grammar& grammar);

}  // namespace facet::constraint
