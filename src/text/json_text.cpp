#include "text/json_text.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/append_utf8.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The four hexadecimal digits behind "\\u" at `at`.
std::optional<uint32_t> code_unit(std::string_view text, size_t at) {
  const std::string_view digits = text.substr(std::min(at, text.size()));
  if (digits.size() < 6 || !digits.starts_with("\\u")) return {};
  uint32_t unit = 0;
  const auto [end, error] = std::from_chars(digits.data() + 2, digits.data() + 6, unit, 16);
  return error == std::errc() && end == digits.data() + 6 ? std::optional(unit) : std::nullopt;
}

// A \\u escape, or a pair of them, at `at`. Returns its length, 0 when there is none.
size_t append_code_point(std::string& out, std::string_view text, size_t at) {
  const auto first = code_unit(text, at);
  if (!first) return 0;
  const bool is_high = *first >= 0xd800 && *first < 0xdc00, is_low = *first >= 0xdc00 && *first < 0xe000;
  if (const auto second = is_high ? code_unit(text, at + 6) : std::nullopt;
      second && *second >= 0xdc00 && *second < 0xe000) {
    append_utf8(out, 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00));
    return 12;
  }
  if (is_high || is_low)
    out += kReplacement;
  else
    append_utf8(out, *first);
  return 6;
}

}  // namespace

std::string json_string(const std::string& text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string unescape_json(std::string_view text) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const size_t letter = c == '\\' && at + 1 < text.size() ? kLetters.find(text[at + 1]) : std::string_view::npos;
    if (letter != std::string_view::npos) {
      out.push_back(kMeanings[letter]);
      at += 2;
    } else if (const size_t n = c == '\\' ? append_code_point(out, text, at) : 0; n > 0) {
      at += n;
    } else {
      out.push_back(c);
      ++at;
    }
  }
  return out;
}

bool is_json_number(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  if (text.starts_with('-')) ++at;
  const bool leading_zero = at < text.size() && text[at] == '0';
  const size_t n_integer = digits();
  if (n_integer == 0 || (leading_zero && n_integer > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace facet::text
