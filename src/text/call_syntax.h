// What the body of a call is made of, for those who read it: blanks, brackets, keys, bare values. Internal to text/.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "text/chat.h"

namespace facet::text {

// Stands for the token <|"|> in a body: a byte that UTF-8 never has.
inline constexpr char kQuote = '\xff';
inline constexpr std::string_view kBlanks = " \t\n\v\f\r";
// Deeper nesting is read as bare text: no model needs it, and the reader recurses.
inline constexpr size_t kMaxCallDepth = 64;

inline bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }
inline bool is_closer(char c) { return c == '}' || c == ']' || c == ')'; }
inline char closer_of(char opener) { return opener == '{' ? '}' : opener == '[' ? ']' : ')'; }
inline bool is_identifier_start(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
inline bool is_key_char(char c) {
  return c != kQuote && (is_identifier_start(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '/');
}

// The place behind the blanks at `at`.
inline size_t skip_blanks(std::string_view s, size_t at) {
  return std::min(s.find_first_not_of(kBlanks, at), s.size());
}
// The same backwards: the end of what stands before the blanks that end at `end`.
inline size_t skip_blanks_back(std::string_view s, size_t end) {
  while (end > 0 && is_blank(s[end - 1])) --end;
  return end;
}
// The place of the next `quote` without a backslash, or npos.
size_t find_unescaped(std::string_view s, char quote, size_t at);

// Whether a key and its separator stand at `at`.
bool key_follows(std::string_view s, size_t at);

// A string that lacks its closing quote token swallows what follows, up to the next value's opening one: it then ends
// in `} , key :`. Where the string should have ended, if so.
std::optional<size_t> swallowed_key(std::string_view string);

// A value without quotes: a literal, a number, else text.
ChatJson call_scalar(const std::string& run);

}  // namespace facet::text
