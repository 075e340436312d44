// JSON's spelling of strings and numbers. Internal to text/.
#pragma once

#include <string>
#include <string_view>

namespace facet::text {

// Quoted and escaped; broken UTF-8 becomes U+FFFD.
std::string json_string(const std::string& text);

// What stands between the quotes of a JSON string, its escapes resolved. Escapes that JSON does not have stay as they
// are, halves of surrogate pairs become U+FFFD.
std::string unescape_json(std::string_view text);

bool is_json_number(std::string_view text);

}  // namespace facet::text
