// POST to an MCP server, by libcurl, which is loaded with the first request that needs it. Waits: for threads that have
// time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/mcp/access.h"
#include "server/mcp/reply_reader.h"

namespace facet::server {

struct HttpPlace {
  std::string host;  // as McpAccess::reach takes it
  int port = 0;
};
// ApiError (Invalid, about `parameter`) for what is no http or https URL, or has a user's name; Unsupported where this
// build has no MCP client.
HttpPlace http_place(const std::string& url, const std::string& parameter);

struct HttpPostReply {
  int status = 0;
  std::string session;  // Mcp-Session-Id
};

// Connections to one URL. Five seconds to connect, a minute for all of a request; redirects and proxies are not
// followed.
class HttpPoster {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // is_cancelled: asked about once a second; true ends a request that waits.
  HttpPoster(std::string url, McpReach reach, std::function<bool()> is_cancelled);
  ~HttpPoster();
  HttpPoster(const HttpPoster&) = delete;
  HttpPoster& operator=(const HttpPoster&) = delete;

  // What comes with a status of success goes to the reader, where there is one. McpError (Http) for other statuses but
  // 404, and when no connection comes about; FormatError by the reader; CancelledError.
  HttpPostReply post(const Headers& headers, const std::string& body, McpReplyReader* reader);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facet::server
