#include "http/exchange.h"

#include "http/status_error.h"
#include "http/web_socket.h"

namespace facet::http {

std::string_view Request::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found != headers.end() ? std::string_view(found->second) : std::string_view();
}

std::string_view Request::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found != query.end() ? std::string_view(found->second) : std::string_view();
}

void Exchange::accept_web_socket(std::unique_ptr<WebSocketHandler>, std::string) {
  throw StatusError(400, "no WebSocket can be opened here");
}

}  // namespace facet::http
