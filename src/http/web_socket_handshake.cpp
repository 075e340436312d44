#include "http/web_socket_handshake.h"

#include <algorithm>

#include "base/ascii_case.h"
#include "http/status_error.h"

namespace facet::http {
namespace {

// "a, b" → "a", "b".
std::vector<std::string> list_items(std::string_view list) {
  std::vector<std::string> items;
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

bool lists(std::string_view list, std::string_view wanted) {
  const auto items = list_items(list);
  return std::any_of(items.begin(), items.end(),
                     [wanted](const std::string& item) { return equals_ignoring_case(item, wanted); });
}

}  // namespace

std::vector<std::string> offered_protocols(const Request& request) {
  return list_items(request.header("sec-websocket-protocol"));
}

bool wants_web_socket(const Request& request) {
  return request.method == "GET" && lists(request.header("upgrade"), "websocket") &&
         lists(request.header("connection"), "upgrade");
}

void check_web_socket(const Request& request) {
  const Headers what_is_spoken{{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  if (!wants_web_socket(request))
    throw StatusError(426, "this path speaks WebSocket: ask for it by `Connection: Upgrade` and `Upgrade: websocket`",
                      what_is_spoken);
  if (request.header("sec-websocket-version") != "13")
    throw StatusError(426, "of WebSocket, version 13 is spoken here", what_is_spoken);
  constexpr size_t kKeyDigits = 24;  // 16 bytes as base64
  const std::string_view key = request.header("sec-websocket-key");
  if (key.size() != kKeyDigits || !key.ends_with("=="))
    throw StatusError(400, "the Sec-WebSocket-Key is not 16 bytes as base64");
}

}  // namespace facet::http
