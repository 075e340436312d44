// GET /v1/realtime: transcripts of live sound over a WebSocket, in the words of OpenAI's Realtime protocol.
#pragma once

#include <string>

#include "http/exchange.h"
#include "server/service.h"

namespace facet::server {

http::Routes realtime_routes(Service& service);

// The name of a model that hears, and that the request's key may use; ApiError where there is none such.
std::string check_listener(Service& service, const http::Request& request, const std::string& model);

}  // namespace facet::server
