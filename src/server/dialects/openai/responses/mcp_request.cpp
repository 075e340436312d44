#include "server/dialects/openai/responses/mcp_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii_case.h"

namespace facet::server {
namespace {

constexpr size_t kMaxServers = 32;

McpFilter filter_of(const Fields& fields) {
  McpFilter filter;
  if (fields.has("tool_names")) {
    const auto names = fields.strings("tool_names");
    filter.names.emplace(names.begin(), names.end());
  }
  filter.read_only = fields.boolean("read_only");
  return filter;
}

McpFilter allowed_of(const Fields& tool) {
  const Json* allowed = tool.find("allowed_tools");
  if (!allowed) return {};
  if (allowed->is_object()) return filter_of(Fields(*allowed, tool.place("allowed_tools")));
  const auto names = tool.strings("allowed_tools");
  return {std::set<std::string>(names.begin(), names.end()), {}};
}

void read_approval(const Fields& tool, McpServer& server) {
  const Json* approval = tool.find("require_approval");
  if (!approval) return;
  const std::string place = tool.place("require_approval");
  if (approval->is_object()) {
    const Fields fields(*approval, place);
    if (const auto always = fields.object("always")) server.always = filter_of(*always);
    if (const auto never = fields.object("never")) server.never = filter_of(*never);
    return;
  }
  const std::string& word = string_at(*approval, place);
  if (word != "always" && word != "never")
    throw_invalid(place, fmt::format("expected always, never, or an object with them, got '{}'", word));
  server.approves_all = word == "never";
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

// What the connection and the protocol say themselves.
bool is_reserved_header(std::string_view name) {
  static constexpr std::string_view kReserved[] = {
      "accept",  "connection", "content-length",   "content-type", "expect",
      "host",    "keep-alive", "mcp-session-id",   "te",           "mcp-protocol-version",
      "trailer", "upgrade",    "transfer-encoding"};
  return std::any_of(std::begin(kReserved), std::end(kReserved),
                     [&](std::string_view reserved) { return equals_ignoring_case(name, reserved); });
}

void add_header(const std::string& place, const std::string& name, const std::string& value, McpServer& server) {
  const bool is_text = std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  if (!is_header_name(name) || !is_text) throw_invalid(place, "is no header");
  if (is_reserved_header(name)) throw_invalid(place, "is said by this server itself");
  for (const auto& [other, unused] : server.headers)
    if (equals_ignoring_case(other, name)) throw_invalid(place, "is there twice");
  server.headers.emplace_back(name, value);
}

void read_headers(const Fields& tool, McpServer& server) {
  if (const auto headers = tool.object("headers"))
    for (const auto& [name, value] : tool.require("headers").items()) {
      const std::string place = headers->place(name.c_str());
      add_header(place, name, string_at(value, place), server);
    }
  if (const auto token = tool.string("authorization"))
    add_header(tool.place("authorization"), "Authorization", "Bearer " + *token, server);
}

McpToolName tool_name_of(const Fields& choice, const McpRequest& request) {
  McpToolName chosen{choice.required_string("server_label"), choice.string_or("name", "")};
  if (request.find(chosen.label) == nullptr)
    throw_invalid(choice.place("server_label"), fmt::format("no MCP server '{}' is among the tools", chosen.label));
  return chosen;
}

bool is_mcp_entry(const Json& entry) { return entry.is_object() && entry.contains("type") && entry["type"] == "mcp"; }

}  // namespace

bool McpFilter::fits(const Json& tool) const {
  if (names && !names->contains(tool["name"].get<std::string>())) return false;
  if (!read_only) return true;
  const Json& annotations = tool["annotations"];
  const bool is_read_only =
      annotations.is_object() && annotations.contains("readOnlyHint") && annotations["readOnlyHint"] == true;
  return is_read_only == *read_only;
}

// What neither filter names needs one, unless those that always do were named alone.
bool McpServer::needs_approval(const Json& tool) const {
  if (approves_all) return false;
  if (always && always->fits(tool)) return true;
  if (never) return !never->fits(tool);
  return !always;
}

const McpServer* McpRequest::find(const std::string& label) const {
  const auto found =
      std::find_if(servers.begin(), servers.end(), [&](const McpServer& server) { return server.label == label; });
  return found != servers.end() ? &*found : nullptr;
}

void read_mcp_server(const Fields& tool, McpRequest& request) {
  if (request.servers.size() == kMaxServers)
    throw_invalid(tool.place(), fmt::format("more than {} servers", kMaxServers));
  McpServer server;
  server.place = tool.place();
  server.label = tool.required_string("server_label");
  if (server.label.empty()) throw_invalid(tool.place("server_label"), "is empty");
  if (request.find(server.label) != nullptr)
    throw_invalid(tool.place("server_label"), fmt::format("a server '{}' is among the tools already", server.label));
  for (const char* key : {"connector_id", "tunnel_id"})
    if (tool.has(key))
      throw ApiError(ApiError::Kind::Unsupported,
                     tool.place(key) + ": is not known to this server, give the server_url", tool.place(key));
  server.url = tool.required_string("server_url");
  server.description = tool.string_or("server_description", "");
  read_headers(tool, server);
  server.allowed = allowed_of(tool);
  read_approval(tool, server);
  request.servers.push_back(std::move(server));
}

bool read_mcp_choice(const Fields& body, McpRequest& request, GenerationRequest& generation) {
  const Json* given = body.find("tool_choice");
  if (!given || !given->is_object()) return false;
  const Fields outer(*given, "tool_choice");
  if (is_mcp_entry(*given)) {
    request.chosen = {tool_name_of(outer, request)};
    request.is_only_first = true;
    generation.tool_choice.kind = request.chosen[0].name.empty() ? ToolChoice::Kind::Required : ToolChoice::Kind::Named;
    return true;
  }
  const auto inner = outer.object("allowed_tools");
  const Fields& choice = inner ? *inner : outer;
  const Json& tools = choice.list("tools");
  if (outer.string_or("type", "") != "allowed_tools" || std::none_of(tools.begin(), tools.end(), is_mcp_entry))
    return false;
  const std::string mode = choice.string_or("mode", "auto");
  if (mode != "auto" && mode != "required")
    throw_invalid(choice.place("mode"), fmt::format("expected auto or required, got '{}'", mode));
  generation.tool_choice.kind = mode == "auto" ? ToolChoice::Kind::Auto : ToolChoice::Kind::Required;
  size_t index = 0;
  for (const Json& tool : tools) {
    const Fields entry(tool, item_place(choice.place("tools"), index++));
    if (is_mcp_entry(tool))
      request.chosen.push_back(tool_name_of(entry, request));
    else
      generation.tool_choice.allowed.push_back(entry.required_string("name"));  // checked with the functions
  }
  return true;
}

Json without_secrets(Json tools) {
  if (!tools.is_array()) return tools;
  for (Json& tool : tools) {
    if (!is_mcp_entry(tool)) continue;
    tool.erase("authorization");
    if (tool.contains("headers") && tool["headers"].is_object())
      for (auto& [name, value] : tool["headers"].items()) value = "<redacted>";
  }
  return tools;
}

}  // namespace facet::server
