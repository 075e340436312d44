// The tools of MCP servers that a model may call, under the names that it knows them by.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/dialects/openai/responses/mcp_request.h"

namespace facet::server {

class McpTools {
 public:
  struct Tool {
    const McpServer* server;
    Json listed;  // {name, description, input_schema, annotations}
    bool needs_approval;

    const std::string& name() const { return listed["name"].get_ref<const std::string&>(); }
  };

  // Those of the list that the server's filter allows. The server outlives this.
  void add(const McpServer& server, const Json& list);

  // Declares them beside the functions, each under its own name, or as label__name where two would have the same; gives
  // earlier calls these names, and carries out what tool_choice says of them. ApiError (Invalid).
  void declare(const McpRequest& mcp, GenerationRequest& generation);

  const Tool* find(const std::string& declared) const;  // null: it is none of these
  const Tool* find(const std::string& label, const std::string& name) const;

 private:
  std::string declared_name(const std::string& label, const std::string& name) const;
  void rename_past_calls(Json& messages) const;
  void settle_choice(const McpRequest& mcp, ToolChoice& choice) const;

  std::vector<Tool> tools_;
  std::map<std::string, size_t> declared_;  // places in tools_
};

}  // namespace facet::server
