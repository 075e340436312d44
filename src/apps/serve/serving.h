// The server of `facet serve` and `facet app`, from its flags to its end.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/serve/served_models.h"

namespace facet::apps {

constexpr int kDefaultPort = 11434;  // Ollama's, so that its clients find the server

struct ServeFlags {
  std::vector<std::string> hosts, sockets, allowed_origins, allowed_hosts, allowed_mcp;
  int port = kDefaultPort, grace = 30, max_body_mib = 64, workers = 8;
  std::string certificate, private_key, api_key, keys_file;
  std::string log = "text", log_level = "info", page_files;
  bool insecure = false;
  ServedModelFlags served;
  // Told where the server listens, as http::Server::urls() says it; empty: that is written on stderr.
  std::function<void(const std::vector<std::string>& urls)> on_listening;
};

// Returns when the server was stopped. ResourceError where it cannot listen, or this build has no server.
int serve(const ServeFlags& flags);

}  // namespace facet::apps
