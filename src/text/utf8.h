// UTF-8 pieces of the tokenizer: characters, validation, repair.
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

struct Character {
  char32_t code;
  size_t n_bytes;
};

// The character at the front of `s`: valid UTF-8, not empty.
inline Character first_character(std::string_view s) noexcept {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(s[i])); };
  const auto rest = [&](size_t i) { return byte(i) & 0x3f; };
  switch (utf8_length(static_cast<unsigned char>(s[0]))) {
    case 1:
      return {byte(0), 1};
    case 2:
      return {(byte(0) & 0x1f) << 6 | rest(1), 2};
    case 3:
      return {(byte(0) & 0x0f) << 12 | rest(1) << 6 | rest(2), 3};
    default:
      return {(byte(0) & 0x07) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3), 4};
  }
}

// The character at the end of `s`: valid UTF-8, not empty.
inline Character last_character(std::string_view s) noexcept {
  size_t begin = s.size() - 1;
  while ((static_cast<unsigned char>(s[begin]) & 0xc0) == 0x80) --begin;
  return first_character(s.substr(begin));
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

// Takes the whole characters off the front of `bytes`, repaired; at most three bytes stay: a character's beginning.
std::string take_whole_characters(std::string& bytes);

void append_replaced(std::string& out, std::string_view s, std::string_view from, std::string_view to);
std::string replace_all(std::string_view s, std::string_view from, std::string_view to);

}  // namespace facet::text
