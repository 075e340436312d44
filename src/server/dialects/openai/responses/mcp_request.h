// Tools of type "mcp" in a responses request: which servers are to be asked, for which of their tools, and what has to
// be approved first.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

// {tool_names, read_only}, or a list of names. A tool is {name, annotations, ...} as mcp_list_tools has it.
struct McpFilter {
  std::optional<std::set<std::string>> names;
  std::optional<bool> read_only;  // by the server's word (annotations.readOnlyHint)

  bool fits(const Json& tool) const;
};

struct McpServer {
  std::string label, url, description;
  std::string place;                                         // "tools[0]"
  std::vector<std::pair<std::string, std::string>> headers;  // the authorization among them
  McpFilter allowed;
  bool approves_all = false;  // require_approval: "never"
  std::optional<McpFilter> always, never;

  bool needs_approval(const Json& tool) const;
};

struct McpToolName {
  std::string label, name;  // name: may be empty, for all of the server
};

// A call that its user has approved, to be made before the model goes on.
struct ApprovedMcpCall {
  size_t message;  // of GenerationRequest::messages, which its result belongs into
  std::string request_id, label, name, arguments;
};

struct McpRequest {
  std::vector<McpServer> servers;
  std::map<std::string, Json> known;  // by label: tools that an earlier item lists
  std::vector<ApprovedMcpCall> approved;
  // tool_choice, where it names tools of servers: which of them (and of the functions) may be called, and the one that
  // has to be. Their declared names are known when they are listed.
  std::vector<McpToolName> chosen;
  bool is_only_first = false;  // the choice is {type: "mcp"}: after the first calls it has had its effect
  int max_calls = -1;          // of tools of servers in all; -1: any number

  bool is_empty() const { return servers.empty(); }
  const McpServer* find(const std::string& label) const;
};

// One of `tools`. ApiError that names the field.
void read_mcp_server(const Fields& tool, McpRequest& request);
// False: tool_choice names no tool of a server, and nothing was read.
bool read_mcp_choice(const Fields& body, McpRequest& request, GenerationRequest& generation);
// `tools` as a response repeats them: without what opens the servers' doors.
Json without_secrets(Json tools);

}  // namespace facet::server
