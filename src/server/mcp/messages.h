// What is read out of the answers of an MCP server: tools, and what a tool gave, as text for the model.
#pragma once

#include <string>

#include "server/json_reading.h"

namespace facet::server {

inline constexpr size_t kMaxMcpTools = 128;

// What went wrong when a server was asked. code: of JSON-RPC, or an HTTP status.
class McpError : public std::runtime_error {
 public:
  enum class Kind : uint8_t { Protocol, Http };
  McpError(Kind kind, int code, const std::string& message);

  Json json() const;  // {type: "mcp_protocol_error" | "http_error", code, message}

 private:
  Kind kind_;
  int code_;
};

// The "result" of an answer (McpReplyReader::take). McpError where it is an error, or no object.
Json mcp_result_of(Json answer);

// Appends the tools of one page as {name, description, input_schema, annotations}, and returns the cursor of the next
// one, or "". McpError for what is malformed, and for more than kMaxMcpTools.
std::string add_mcp_tools(const Json& page, Json& tools);

struct McpOutput {
  std::string text;
  Json error;  // null: none; {type: "mcp_tool_execution_error", content}: the tool says so
};
// Of a tools/call. What is no text is named, and left out.
McpOutput mcp_output(const Json& result);

}  // namespace facet::server
