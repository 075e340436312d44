// Kinds of ASCII characters, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace facet::documents {

inline bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace facet::documents
