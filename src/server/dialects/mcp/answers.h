// What an MCP client says and what it is answered, whatever carries the two. No sessions are kept and nothing is sent
// unasked, so that every message is answered alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/json_reading.h"
#include "server/service.h"

namespace facet::server {

// Where one message came from.
class McpPeer {
 public:
  virtual ~McpPeer() = default;

  virtual std::string client() const = 0;  // as http::Request::client
  virtual bool is_gone() const = 0;
  virtual void reply(const Json& message) = 0;
  virtual void accept() = 0;  // the message wants no answer
  // Has the model answer; its text, or what went wrong, is the result of the call with this id. May return before.
  virtual void ask(GenerationRequest request, const Json& id) = 0;
  virtual void cancel(const Json& /*id*/) {}  // the client no longer wants the result of that call
};

// Answers a message. Waits for what is no question to the model: sounds, embeddings.
void mcp_answer(McpPeer& peer, Service& service, std::string_view message);

// The answer of the model as the result of a call: JSON when it is done.
std::unique_ptr<ReplyWriter> mcp_writer(const Json& id);
// The result of a call that went wrong, for the model that made it.
Json mcp_failure(const Json& id, const std::string& what);

}  // namespace facet::server
