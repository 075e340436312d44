// A code point as UTF-8.
#pragma once

#include <string>

namespace facet {

inline void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  const auto rest = [&](int shift) { byte(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xc0 | c >> 6), rest(0);
  if (c < 0x10000) return byte(0xe0 | c >> 12), rest(6), rest(0);
  byte(0xf0 | c >> 18), rest(12), rest(6), rest(0);
}

}  // namespace facet
