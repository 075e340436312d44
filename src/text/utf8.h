// UTF-8 pieces of the tokenizer: length of a character, validation, repair.
#pragma once

#include <string>
#include <string_view>

namespace facet::text {

inline constexpr std::string_view kSpaceSymbol = "\xe2\x96\x81";  // U+2581, stands for a space in pieces
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Bytes of the character that starts with `lead`, in valid UTF-8.
inline size_t utf8_length(unsigned char lead) noexcept {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

// What the bytes at the front of `s` are.
struct Utf8Front {
  enum class Kind { Valid, Incomplete, Invalid } kind;
  size_t n_bytes;  // Valid: of the character; Invalid: of the maximal invalid subsequence
};
Utf8Front utf8_front(std::string_view s) noexcept;

bool is_utf8(std::string_view s) noexcept;

// Each maximal invalid subsequence becomes U+FFFD.
std::string repair_utf8(std::string_view s);

std::string replace_all(std::string_view s, std::string_view from, std::string_view to);

}  // namespace facet::text
