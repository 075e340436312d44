// A small vocabulary for tests: every byte, and tokens that begin, end and cross whatever a grammar may ask for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "constraint/matcher/token_table.h"

namespace facet::constraint {

constexpr TokenId kTestStop = 0, kTestControl = 1, kTestFirstByte = 2;

inline std::shared_ptr<const TokenTable> test_vocabulary() {
  TokenTableParts parts;
  parts.bytes = {"", ""};
  for (int b = 0; b < 256; ++b) parts.bytes.emplace_back(1, static_cast<char>(b));
  for (const char* text : {"{\"",
                           "\":",
                           "\",\"",
                           "\"}",
                           "}}",
                           "]}",
                           "],",
                           "},{",
                           ",\"",
                           "true",
                           "false",
                           "null",
                           "name",
                           " name",
                           "na",
                           "12",
                           "1.",
                           "e-",
                           "\xc3\xa9",
                           "\xc3\xa9t\xc3\xa9",
                           "\xe6\x97\xa5\xe6\x9c\xac",
                           "hello world",
                           "a\"",
                           "b\",",
                           "\\n",
                           "\\u00",
                           "[[",
                           "abcabc",
                           "ab",
                           "abc",
                           "+1",
                           "))",
                           "  ",
                           "value",
                           "\":{\"",
                           "[1",
                           "1,"})
    parts.bytes.emplace_back(text);
  parts.controls = {kTestControl};
  parts.stops = {kTestStop};
  return TokenTable::make(parts);
}

}  // namespace facet::constraint
