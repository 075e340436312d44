// Texts whose shortest end is too much to look for. For tests.
#pragma once

#include "constraint/regex/regexes.h"

namespace facet::constraint {

// Of these two letters, the 15th from the end the first of them, and 60, 120, ... in all: what the end needs is easily
// kept, yet to find the shortest one all that may come before it has to be looked at.
inline RegexId hard_to_end(Regexes& r, char first, char second) {
  ByteSet bytes;
  bytes.set(static_cast<uint8_t>(first)).set(static_cast<uint8_t>(second));
  const RegexId any = r.bytes(bytes), tail = r.concat(r.literal({&first, 1}), r.repeat(any, 14, 14));
  return r.both(r.concat(r.repeat(any, 0), tail), r.repeat(r.repeat(any, 60, 60), 1));
}

}  // namespace facet::constraint
