#include "http/reply_head.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <ctime>

namespace facet::http {
namespace {

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];  // independent of the locale: nothing here calls setlocale for times
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
  const size_t start = head.size();
  head.append(name).append(": ").append(value);
  for (size_t i = start; i < head.size(); ++i)
    if (static_cast<unsigned char>(head[i]) < 0x20 || head[i] == 0x7f) head[i] = ' ';
  head += "\r\n";
}

}  // namespace

std::string reply_head(const ReplyStyle& style, int status, std::string_view content_type, const Headers& headers,
                       std::optional<size_t> n_bytes) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, std::string_view(reason.data(), reason.size()));
  append_header(head, "Date", http_date());
  append_header(head, "X-Request-Id", style.request_id);
  append_header(head, "X-Content-Type-Options", "nosniff");
  if (!content_type.empty()) append_header(head, "Content-Type", content_type);
  for (const auto& [name, value] : style.cors) append_header(head, name, value);
  for (const auto& [name, value] : headers) append_header(head, name, value);
  const bool may_have_body = status >= 200 && status != 204 && status != 304;
  if (may_have_body && n_bytes)
    append_header(head, "Content-Length", std::to_string(*n_bytes));
  else if (may_have_body && !style.is_http10)
    append_header(head, "Transfer-Encoding", "chunked");
  if (!style.keeps_alive)
    append_header(head, "Connection", "close");
  else if (style.is_http10)
    append_header(head, "Connection", "keep-alive");
  return head += "\r\n";
}

std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

}  // namespace facet::http
