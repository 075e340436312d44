// The request that turns a connection into a WebSocket: whether it is one, and which protocol of those it offers is
// spoken.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace facet::http {

// The subprotocols that a client offers, in its order.
std::vector<std::string> offered_protocols(const Request& request);

// Asks for a WebSocket at all, be it well or not.
bool wants_web_socket(const Request& request);
// StatusError 426 where no WebSocket is asked for, or another version of it than 13; 400 for a key that is none.
void check_web_socket(const Request& request);

}  // namespace facet::http
