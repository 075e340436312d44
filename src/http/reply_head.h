// What stands before and around a reply's bytes on the wire (HTTP/1.x).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace facet::http {

// What of a request decides how its reply is framed.
struct ReplyStyle {
  bool is_http10 = false;
  bool is_head = false;     // HEAD: no body
  bool keeps_alive = true;  // the connection stays open behind it
  std::string request_id;
  Headers cors;
};

// The status line and all headers. n_bytes: of the body; none: it comes in chunks, or with HTTP/1.0 ends with the
// connection. Control characters in names and values become spaces.
std::string reply_head(const ReplyStyle& style, int status, std::string_view content_type, const Headers& headers,
                       std::optional<size_t> n_bytes);

std::string chunk(std::string_view bytes);  // not empty, which would be the last one
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace facet::http
