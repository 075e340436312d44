// A pattern as it is written, in the form of a tree: the parser's result. Internal to regex/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "constraint/regex/characters.h"

namespace facet::constraint {

struct PatternNode {
  enum class Kind : uint8_t {
    Set,       // one character
    Sequence,  // of parts; of none: the empty text
    Choice,
    Repeat,  // parts[0]
    Start,
    End,
    WordEdge,
    NoWordEdge,
    Ahead,     // what follows begins with parts[0]
    NotAhead,  // it does not
  };
  Kind kind = Kind::Sequence;
  bool is_plain = true;  // no assertions in it: it matches the same texts anywhere
  int min = 0, max = -1;
  size_t place = 0;  // byte of the pattern, for messages
  CharacterSet set;
  std::vector<PatternNode> parts;
};

// Throws RequestError with the place.
PatternNode read_pattern(std::string_view pattern);
[[noreturn]] void fail_in_pattern(std::string_view pattern, size_t place, std::string_view what);

}  // namespace facet::constraint
