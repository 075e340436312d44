#include "text/utf8.h"

#include <simdjson.h>

namespace facet::text {

Utf8Front utf8_front(std::string_view s) noexcept {
  using Kind = Utf8Front::Kind;
  if (s.empty()) return {Kind::Incomplete, 0};
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {Kind::Valid, 1};
  if (lead < 0xc2 || lead > 0xf4) return {Kind::Invalid, 1};
  const size_t n = utf8_length(lead);
  for (size_t i = 1; i < n; ++i) {
    if (i >= s.size()) return {Kind::Incomplete, i};
    // The second byte's range excludes overlong forms, surrogates, and what lies beyond U+10FFFF.
    const unsigned char low = i > 1 ? 0x80 : lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = i > 1 ? 0xbf : lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte(i) < low || byte(i) > high) return {Kind::Invalid, i};
  }
  return {Kind::Valid, n};
}

bool is_utf8(std::string_view s) noexcept { return simdjson::validate_utf8(s.data(), s.size()); }

std::string repair_utf8(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  while (!s.empty()) {
    const Utf8Front front = utf8_front(s);
    if (front.kind == Utf8Front::Kind::Valid)
      out.append(s.substr(0, front.n_bytes));
    else
      out.append(kReplacement);
    s.remove_prefix(front.n_bytes);
  }
  return out;
}

std::string take_whole_characters(std::string& bytes) {
  size_t end = 0;
  for (;;) {
    const Utf8Front front = utf8_front(std::string_view(bytes).substr(end));
    if (front.kind == Utf8Front::Kind::Incomplete) break;
    end += front.n_bytes;
  }
  std::string whole = bytes.substr(0, end);
  bytes.erase(0, end);
  return is_utf8(whole) ? whole : repair_utf8(whole);
}

void append_replaced(std::string& out, std::string_view s, std::string_view from, std::string_view to) {
  for (size_t at; (at = s.find(from)) != std::string_view::npos; s.remove_prefix(at + from.size()))
    out.append(s.substr(0, at)).append(to);
  out.append(s);
}

std::string replace_all(std::string_view s, std::string_view from, std::string_view to) {
  std::string out;
  out.reserve(s.size());
  append_replaced(out, s, from, to);
  return out;
}

}  // namespace facet::text
