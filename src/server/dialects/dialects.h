// The routes of all dialects. Each is a thin translation to requests and events (request.h, event.h).
#pragma once

#include "http/exchange.h"
#include "server/mcp/access.h"

namespace facet::server {

class Service;
class Store;

// They refer to the service and the store, which outlive them.
http::Routes openai_routes(Service& service, Store& store, McpAccess mcp = {});  // mcp: servers that clients may name
http::Routes ollama_routes(Service& service);
http::Routes anthropic_routes(Service& service);
http::Routes gemini_routes(Service& service);
http::Routes discovery_routes(Service& service);  // what clients of llama.cpp's server and LM Studio ask first
http::Routes mcp_routes(Service& service);        // the model's abilities as tools of the Model Context Protocol
http::Routes model_routes(Service& service);      // GET /v1/models, which three of them share

}  // namespace facet::server
