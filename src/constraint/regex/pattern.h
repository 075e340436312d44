// Regular expressions as people write them (ECMA-262 with the u flag, as JSON Schema wants, and what Python's and
// Rust's share with it) -> expressions over bytes.
#pragma once

#include <string>
#include <string_view>

#include "constraint/regex/characters.h"

namespace facet::constraint {

struct PatternOptions {
  Writing writing = Writing::Plain;
  bool whole = false;  // the pattern matches the whole text; otherwise somewhere in it unless ^ and $ say so
};

// The texts that match. Alternatives, groups (named, non-capturing), classes with \d \w \s and general categories
// \p{L}, ^ and $ and \b anywhere, counted repetition, lazy quantifiers (which match the same texts), (?i) and (?s);
// look-ahead outside of unlimited repetitions, and inside where one round decides it. Throws RequestError with the
// place for back references, look-behind, and what else is not regular or not supported.
RegexId parse_pattern(Regexes& regexes, std::string_view pattern, const PatternOptions& options = {});

}  // namespace facet::constraint
