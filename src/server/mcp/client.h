// The client's side of the Model Context Protocol over streamable HTTP: a session with one server, its tools and their
// calls. Waits for the server: not for the threads of sockets, and not for the scheduler's.
#pragma once

#include <functional>
#include <string>

#include "http/client.h"
#include "server/mcp/access.h"
#include "server/mcp/messages.h"
#include "server/mcp/reply_reader.h"

namespace facet::server {

class McpClient {
 public:
  // headers: the client's own, for every request. Opens nothing before the first request.
  McpClient(std::string url, McpReach reach, http::Client::Headers headers, std::function<bool()> is_cancelled);

  // [{name, description, input_schema, annotations}]. McpError, FormatError, CancelledError.
  Json list_tools();
  // arguments: an object. The same errors; what the tool itself calls an error is in the output.
  McpOutput call(const std::string& tool, const Json& arguments);
  // Tells the server that the session has ended. Waits two seconds at most; a server forgets sessions by itself too.
  void end() noexcept;

 private:
  Json request(const std::string& method, Json params);
  Json post(const std::string& method, Json params);  // null: the server has forgotten the session
  void open();
  http::ClientReply send(const Json& message, McpReplyReader* reader);
  http::Client::Headers headers() const;

  const std::string url_;
  const McpReach reach_;
  const http::Client::Headers own_headers_;
  http::Client client_;
  std::string session_, revision_;
  bool is_open_ = false;
  int last_id_ = 0;
};

}  // namespace facet::server
