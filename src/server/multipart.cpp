#include "server/multipart.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ascii_case.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

constexpr size_t kMaxParts = 100, kMaxHeadBytes = 8192, kMaxBoundaryBytes = 200;  // RFC 2046 allows 70

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  const size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// A quoted value off the front of `rest`, its escapes resolved; an unquoted one ends at a semicolon.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const size_t end = std::min(rest.find(';'), rest.size());
    value = trimmed(rest.substr(0, end));
    rest.remove_prefix(end);
    return value;
  }
  size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size() && (rest[at + 1] == '"' || rest[at + 1] == '\\')) ++at;
    value += rest[at];
  }
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return value;
}

// The value of `name` among "; name=value" parameters of a header.
std::optional<std::string> header_parameter(std::string_view header, std::string_view name) {
  std::string_view rest = header.substr(std::min(header.find(';'), header.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const size_t equals = std::min(rest.find_first_of("=;"), rest.size());
    const std::string_view key = trimmed(rest.substr(0, equals));
    rest.remove_prefix(equals);
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    std::string value = take_value(rest);
    if (equals_ignoring_case(key, name)) return value;
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  }
  return {};
}

FormPart read_part_head(std::string_view head) {
  FormPart part;
  bool is_named = false;
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const size_t colon = std::min(line.find(':'), line.size());
    const std::string_view key = line.substr(0, colon), value = trimmed(line.substr(std::min(colon + 1, line.size())));
    if (equals_ignoring_case(key, "content-type")) part.type = value;
    if (!equals_ignoring_case(key, "content-disposition")) continue;
    const auto name = header_parameter(value, "name");
    is_named = name.has_value();
    part.name = name.value_or("");
    part.filename = header_parameter(value, "filename").value_or("");
  }
  if (!is_named) throw_invalid("", "a part of the form has no name");
  return part;
}

}  // namespace

std::vector<FormPart> parse_multipart(std::string_view content_type, std::string_view body) {
  const std::string_view kind = trimmed(content_type.substr(0, content_type.find(';')));
  const auto boundary = header_parameter(content_type, "boundary");
  if (!equals_ignoring_case(kind, "multipart/form-data") || !boundary || boundary->empty() ||
      boundary->size() > kMaxBoundaryBytes)
    throw_invalid("", "expected a form: Content-Type: multipart/form-data with a boundary");
  const std::string first = "--" + *boundary, next = "\r\n" + first;
  if (!body.starts_with(first)) throw_invalid("", "the form does not begin with its boundary");
  body.remove_prefix(first.size());
  std::vector<FormPart> parts;
  while (!body.starts_with("--")) {
    if (!body.starts_with("\r\n")) throw_invalid("", "the form has a damaged boundary");
    if (parts.size() == kMaxParts) throw_invalid("", fmt::format("the form has more than {} parts", kMaxParts));
    body.remove_prefix(2);
    const size_t head = body.substr(0, kMaxHeadBytes).find("\r\n\r\n");
    const size_t end = head == std::string_view::npos ? head : body.find(next, head + 4);
    if (end == std::string_view::npos)
      throw_invalid("", head == std::string_view::npos ? "a part of the form has no end of its headers"
                                                       : "the form is cut short: its last boundary is missing");
    FormPart part = read_part_head(body.substr(0, head));
    part.content = body.substr(head + 4, end - head - 4);
    parts.push_back(std::move(part));
    body.remove_prefix(end + next.size());
  }
  return parts;
}

}  // namespace facet::server
