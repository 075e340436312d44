#include "http/target.h"

#include <algorithm>

#include "http/status_error.h"

namespace facet::http {
namespace {

constexpr size_t kMaxParameters = 100;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Behind "http://host", which proxies' clients write.
std::string_view without_origin(std::string_view target) {
  const size_t scheme = target.find("://");
  if (scheme == std::string_view::npos || target.front() == '/') return target;
  const size_t path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

std::multimap<std::string, std::string> parse_query(std::string_view text) {
  std::multimap<std::string, std::string> query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (query.size() == kMaxParameters) throw StatusError(400, "the query has more than 100 parameters");
    const size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    query.emplace(percent_decode(pair.substr(0, equals), true), percent_decode(value, true));
  }
  return query;
}

}  // namespace

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0 || high + low == 0)
        throw StatusError(400, "the URL has a % that is not followed by two hexadecimal digits of a byte but 00");
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

Target parse_target(std::string_view target) {
  if (target == "*") return {"*", {}};  // OPTIONS *
  target = without_origin(target);
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  Target parsed;
  parsed.path = percent_decode(target.substr(0, question));
  if (parsed.path.empty() || parsed.path.front() != '/')
    throw StatusError(400, "the request's path does not begin with /");
  if (question != std::string_view::npos) parsed.query = parse_query(target.substr(question + 1));
  return parsed;
}

}  // namespace facet::http
