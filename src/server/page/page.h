// What the page in the browser asks of the server beside the public interfaces: its files, and conversations, media,
// settings and models (docs/server.md, "The page").
#pragma once

#include <functional>
#include <string>

#include "http/exchange.h"

namespace facet::server {

class Service;
class Store;

struct PageRoutes {
  http::Routes routes;
  std::function<void()> end;  // ends what goes on as long as somebody listens; any thread
};

// files: the folder that web/ is read from each time; empty: as it was built in. The service and the store outlive the
// routes.
PageRoutes page_routes(Service& service, Store& store, const std::string& files = {});

}  // namespace facet::server
