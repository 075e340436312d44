// The routes of all dialects on one port.
#pragma once

#include "http/exchange.h"
#include "server/mcp/access.h"

namespace facet::server {
class Service;
class Store;
}  // namespace facet::server

namespace facet::apps {

// A key that is for some dialects or models alone is refused by the others. mcp: servers that clients may name. The
// service and the store outlive the routes.
http::Routes all_routes(server::Service& service, server::Store& store, server::McpAccess mcp = {});

}  // namespace facet::apps
