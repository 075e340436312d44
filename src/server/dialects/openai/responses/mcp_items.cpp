// Items about tools of MCP servers, as messages: part of ItemReader.
#include <fmt/format.h>

#include <algorithm>

#include "server/dialects/openai/responses/response_items.h"

namespace facet::server {
namespace {

// The error of an mcp_call for the model: a text, an object with a message, or one with content.
std::string error_text(const Json& error) {
  if (error.is_string()) return error.get<std::string>();
  if (error.is_object() && error.contains("message") && error["message"].is_string())
    return error["message"].get<std::string>();
  return to_json_text(error);
}

// What is done with a list that a client sends back is done with fields of these types alone.
Json tools_of_list(const Fields& item) {
  Json tools = Json::array();
  for (const Json& json : item.list("tools")) {
    const Fields tool(json, item_place(item.place("tools"), tools.size()));
    const Json* schema = tool.find("input_schema");
    const Json* annotations = tool.find("annotations");
    const auto description = tool.string("description");
    tools.push_back({{"name", tool.required_string("name")},
                     {"description", description ? Json(*description) : Json()},
                     {"input_schema", schema && schema->is_object() ? *schema : Json{{"type", "object"}}},
                     {"annotations", annotations ? *annotations : Json()}});
  }
  return tools;
}

}  // namespace

bool ItemReader::add_of_mcp(const Fields& item, const std::string& type) {
  if (type == "mcp_call") {
    add_mcp_call(item);
  } else if (type == "mcp_list_tools") {
    if (!item.has("error")) mcp_->known[item.required_string("server_label")] = tools_of_list(item);
  } else if (type == "mcp_approval_request") {
    const std::string id = item.required_string("id");
    approval_requests_[id] = {0, id, item.required_string("server_label"), item.required_string("name"),
                              item.string_or("arguments", "")};
  } else if (type == "mcp_approval_response") {
    add_mcp_approval(item);
  } else {
    return false;
  }
  return true;
}

// The label stays with the call: under which name the model knows the tool is settled when all are listed.
void ItemReader::add_mcp_turn(const std::string& id, const McpToolName& tool, const std::string& arguments,
                              const std::string& output) {
  open_turn()["tool_calls"].push_back({{"id", id},
                                       {"type", "function"},
                                       {"server_label", tool.label},
                                       {"function", {{"name", tool.name}, {"arguments", arguments}}}});
  is_turn_open_ = false;
  request_->messages.push_back({{"role", "tool"}, {"tool_call_id", id}, {"content", output}});
}

void ItemReader::add_mcp_call(const Fields& item) {
  const Json* error = item.find("error");
  std::string output = item.string_or("output", "");
  if (output.empty() && error) output = error_text(*error);
  const std::string request_id = item.string_or("approval_request_id", "");
  auto& approved = mcp_->approved;
  const auto found = std::find_if(approved.begin(), approved.end(),
                                  [&](const ApprovedMcpCall& call) { return call.request_id == request_id; });
  if (found != approved.end()) {  // it has been made
    request_->messages[found->message]["content"] = output;
    approved.erase(found);
    return;
  }
  add_mcp_turn(item.required_string("id"), {item.required_string("server_label"), item.required_string("name")},
               item.string_or("arguments", ""), output);
}

void ItemReader::add_mcp_approval(const Fields& item) {
  const std::string id = item.required_string("approval_request_id");
  const auto found = approval_requests_.find(id);
  if (found == approval_requests_.end())
    throw_invalid(item.place("approval_request_id"),
                  fmt::format("no mcp_approval_request '{}' that is not answered stands before it", id));
  if (!item.has("approve")) throw_invalid(item.place("approve"), "is missing");
  ApprovedMcpCall call = std::move(found->second);
  approval_requests_.erase(found);
  const bool is_approved = item.boolean_or("approve", false);
  const std::string reason = item.string_or("reason", "");
  add_mcp_turn(id, {call.label, call.name}, call.arguments,
               is_approved ? "" : "The user did not allow this call." + (reason.empty() ? "" : " " + reason));
  call.message = request_->messages.size() - 1;
  if (is_approved) mcp_->approved.push_back(std::move(call));
}

}  // namespace facet::server
