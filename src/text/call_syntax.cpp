#include "text/call_syntax.h"

#include "text/chat_value.h"

namespace facet::text {

bool key_follows(std::string_view s, size_t at) {
  size_t end = at;
  if (end < s.size() && s[end] == '"') {
    end = s.find('"', end + 1);
    if (end == std::string_view::npos) return false;
    end = skip_blanks(s, end + 1);
    return end < s.size() && s[end] == ':';
  }
  if (end >= s.size() || s[end] == kQuote || !is_identifier_start(s[end])) return false;
  while (end < s.size() && is_key_char(s[end])) ++end;
  end = skip_blanks(s, end);
  return end < s.size() && (s[end] == ':' || s[end] == '=');
}

std::optional<size_t> swallowed_key(std::string_view string) {
  size_t end = skip_blanks_back(string, string.size());
  if (end == 0 || string[end - 1] != ':') return {};
  end = skip_blanks_back(string, end - 1);
  const size_t key_end = end;
  while (end > 0 && is_key_char(string[end - 1])) --end;
  if (end == key_end || !is_identifier_start(string[end])) return {};
  end = skip_blanks_back(string, end);
  if (end == 0 || string[end - 1] != ',') return {};
  --end;
  for (size_t before = end; before > 0;) {
    before = skip_blanks_back(string, before);
    if (before == 0 || !is_closer(string[before - 1])) break;
    end = --before;
  }
  return end;
}

size_t find_unescaped(std::string_view s, char quote, size_t at) {
  for (size_t i = at; i < s.size(); ++i) {
    if (s[i] == quote) return i;
    if (s[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

namespace {

ChatJson number_or_text(const std::string& run) {
  std::string number = run;
  if (const size_t dot = number.find('.'); dot <= 1 && (dot == 0 || number[0] == '-')) number.insert(dot, 1, '0');
  const bool is_number = !number.empty() && (number[0] == '-' || (number[0] >= '0' && number[0] <= '9'));
  if (!is_number) return run;
  if (ChatJson value = read_number(number); !value.is_null()) return value;
  return run;
}

}  // namespace

ChatJson call_scalar(const std::string& run) {
  if (run == "true" || run == "True") return true;
  if (run == "false" || run == "False") return false;
  if (run == "null" || run == "None") return nullptr;
  return number_or_text(run);
}

}  // namespace facet::text
