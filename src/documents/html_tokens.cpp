#include "documents/html_tokens.h"

#include <algorithm>
#include <iterator>

namespace facet::documents {
namespace {

template <size_t N>
bool is_one_of(std::string_view name, const std::string_view (&sorted)[N]) noexcept {
  return std::binary_search(std::begin(sorted), std::end(sorted), name);
}

bool has_raw_text(std::string_view name) noexcept {
  constexpr std::string_view kNames[] = {"iframe", "noembed",  "noframes", "script",
                                         "style",  "textarea", "title",    "xmp"};
  return is_one_of(name, kNames);
}

size_t skip_spaces(std::string_view source, size_t at, size_t end) {
  while (at < end && is_space(source[at])) ++at;
  return at;
}

// The attribute at `at`, which is neither white space nor the end of the tag; returns what follows it.
size_t read_attribute(std::string_view source, size_t at, size_t end, std::vector<HtmlAttribute>& out) {
  size_t name_end = at + 1;
  while (name_end < end && !is_space(source[name_end]) && source[name_end] != '=' && source[name_end] != '>' &&
         source[name_end] != '/')
    ++name_end;
  HtmlAttribute attribute{lower_case(source.substr(at, name_end - at)), {name_end, name_end}};
  const size_t equals = skip_spaces(source, name_end, end);
  if (equals == end || source[equals] != '=') {
    out.push_back(std::move(attribute));
    return name_end;
  }
  size_t value = skip_spaces(source, equals + 1, end), next = value;
  if (value < end && (source[value] == '"' || source[value] == '\'')) {
    attribute.quote = source[value++];
    next = std::min(source.find(attribute.quote, value), end);
    attribute.value = {value, next};
    next = std::min(next + 1, end);
  } else {
    while (next < end && !is_space(source[next]) && source[next] != '>') ++next;
    attribute.value = {value, next};
  }
  out.push_back(std::move(attribute));
  return next;
}

HtmlToken read_tag(std::string_view source, size_t at, size_t end) {
  HtmlToken token;
  const bool closes = source[at + 1] == '/';
  token.kind = closes ? HtmlToken::Kind::CloseTag : HtmlToken::Kind::OpenTag;
  size_t next = at + (closes ? 2 : 1);
  const size_t name = next;
  while (next < end && !is_space(source[next]) && source[next] != '>' && source[next] != '/') ++next;
  token.name = lower_case(source.substr(name, next - name));
  while (next < end && source[next] != '>') {
    token.is_closed = source[next] == '/';
    next =
        is_space(source[next]) || source[next] == '/' ? next + 1 : read_attribute(source, next, end, token.attributes);
  }
  if (next == end) {  // cut off: no tag
    token.kind = HtmlToken::Kind::Other;
    token.attributes.clear();
  }
  token.range = {at, std::min(next + 1, end)};
  return token;
}

// <!-- ... -->, <!DOCTYPE ...>, <?xml ... ?>, </> and the like
HtmlToken read_declaration(std::string_view source, size_t at, size_t end) {
  HtmlToken token;
  token.kind = HtmlToken::Kind::Other;
  const std::string_view front = source.substr(at, end - at);
  const std::string_view close = front.starts_with("<!--") ? "-->" : front.starts_with("<![CDATA[") ? "]]>" : ">";
  const size_t from = front.starts_with("<!-->") ? 2 : close.size() == 3 ? 4 : 2;  // "<!-->" is a whole comment
  const size_t found = front.find(close, from);
  token.range = {at, found == std::string_view::npos ? end : at + found + close.size()};
  return token;
}

// A closing tag of this name, from `at` on, or `end`.
size_t find_close(std::string_view source, std::string_view name, size_t at, size_t end) {
  for (; at < end; ++at) {
    at = std::min(source.find("</", at), end);
    const size_t name_end = at + 2 + name.size();
    if (name_end >= end || lower_case(source.substr(at + 2, name.size())) != name) continue;
    if (const char c = source[name_end]; is_space(c) || c == '>' || c == '/') return at;
  }
  return end;
}

}  // namespace

HtmlToken html_token(std::string_view source, size_t at, size_t end) {
  const auto byte = [&](size_t i) { return i < end ? source[i] : '\0'; };
  const auto begins_markup = [&](size_t i) {
    return byte(i) == '<' && (is_letter(byte(i + 1)) || byte(i + 1) == '!' || byte(i + 1) == '?' || byte(i + 1) == '/');
  };
  if (begins_markup(at)) {
    const bool is_tag = is_letter(byte(at + 1)) || (byte(at + 1) == '/' && is_letter(byte(at + 2)));
    return is_tag ? read_tag(source, at, end) : read_declaration(source, at, end);
  }
  HtmlToken text;
  size_t next = at + 1;
  while (next < end && !begins_markup(next)) next = std::min(source.find('<', next + (source[next] == '<')), end);
  text.range = {at, next};
  return text;
}

size_t html_raw_text_end(std::string_view source, const HtmlToken& open, size_t end) {
  return find_close(source, open.name, open.range.end, end);
}

size_t html_element_end(std::string_view source, const HtmlToken& open, size_t end) {
  if (is_void_element(open.name)) return open.range.end;
  if (has_raw_text(open.name)) {
    const size_t close = html_raw_text_end(source, open, end);
    return close < end ? html_token(source, close, end).range.end : end;
  }
  if (open.is_closed && (open.name == "svg" || open.name == "math")) return open.range.end;
  int depth = 1;
  for (size_t at = open.range.end; at < end;) {
    const HtmlToken token = html_token(source, at, end);
    at = token.range.end;
    if (token.kind == HtmlToken::Kind::OpenTag && has_raw_text(token.name)) at = html_element_end(source, token, end);
    if (token.name != open.name) continue;
    if (token.kind == HtmlToken::Kind::OpenTag) ++depth;
    if (token.kind == HtmlToken::Kind::CloseTag && --depth == 0) return at;
  }
  return end;
}

bool is_void_element(std::string_view name) noexcept {
  constexpr std::string_view kNames[] = {"area",  "base", "br",   "col",   "embed",  "hr",    "img",
                                         "input", "link", "meta", "param", "source", "track", "wbr"};
  return is_one_of(name, kNames);
}

bool is_inline_element(std::string_view name) noexcept {
  constexpr std::string_view kNames[] = {"a",    "abbr", "acronym", "b",     "bdi",   "bdo",  "big",    "br",
                                         "cite", "code", "data",    "del",   "dfn",   "em",   "font",   "i",
                                         "img",  "ins",  "kbd",     "label", "mark",  "math", "q",      "rp",
                                         "rt",   "ruby", "s",       "samp",  "small", "span", "strike", "strong",
                                         "sub",  "sup",  "svg",     "time",  "tt",    "u",    "var",    "wbr"};
  return is_one_of(name, kNames);
}

bool is_opaque_element(std::string_view name) noexcept {
  constexpr std::string_view kNames[] = {"canvas",   "code",     "iframe",   "kbd",  "math",   "noembed",
                                         "noframes", "object",   "pre",      "samp", "script", "style",
                                         "svg",      "template", "textarea", "tt",   "var",    "xmp"};
  return is_one_of(name, kNames);
}

}  // namespace facet::documents
