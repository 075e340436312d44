// The target of a request line: where it leads and what it asks, percent-decoded.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace facet::http {

struct Target {
  std::string path;
  std::multimap<std::string, std::string> query;
};

// "/a%20b?x=1&y=a+b", or the whole URL that a proxy's client sends. StatusError 400 for anything else.
Target parse_target(std::string_view target);

// StatusError 400 where % is not followed by two hexadecimal digits, or where they are 00.
std::string percent_decode(std::string_view text, bool plus_is_space = false);

}  // namespace facet::http
