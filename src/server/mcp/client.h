// The client's side of the Model Context Protocol over streamable HTTP: a session with one server, its tools and their
// calls. Waits for the server: not for the threads of sockets, and not for the scheduler's.
#pragma once

#include <functional>
#include <string>

#include "server/mcp/http_post.h"
#include "server/mcp/messages.h"

namespace facet::server {

class McpClient {
 public:
  // headers: the client's own, for every request. Opens nothing before the first request.
  McpClient(std::string url, McpReach reach, HttpPoster::Headers headers, std::function<bool()> is_cancelled);

  // [{name, description, input_schema, annotations}]. McpError, FormatError, CancelledError.
  Json list_tools();
  // arguments: an object. The same errors; what the tool itself calls an error is in the output.
  McpOutput call(const std::string& tool, const Json& arguments);

 private:
  Json request(const std::string& method, Json params);
  Json post(const std::string& method, Json params);  // null: the server has forgotten the session
  void open();
  HttpPoster::Headers headers() const;

  HttpPoster poster_;
  HttpPoster::Headers own_headers_;
  std::string session_, revision_;
  bool is_open_ = false;
  int last_id_ = 0;
};

}  // namespace facet::server
