#include "server/mcp/messages.h"

#include <fmt/format.h>

#include "base/error.h"

namespace facet::server {
namespace {

constexpr int kInternalError = -32603;

[[noreturn]] void refuse_answer(const std::string& what) {
  throw McpError(McpError::Kind::Protocol, kInternalError, what);
}

// A string member, or "".
std::string member_text(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Json listed_tool(const Json& tool) {
  const std::string name = member_text(tool, "name");
  if (name.empty()) refuse_answer("the server lists a tool without a name");
  const auto schema = tool.find("inputSchema");
  Json listed = {{"name", name},
                 {"description", Json()},
                 {"input_schema", schema != tool.end() && schema->is_object() ? *schema : Json{{"type", "object"}}},
                 {"annotations", Json()}};
  if (const auto description = tool.find("description"); description != tool.end() && description->is_string())
    listed["description"] = *description;
  if (const auto annotations = tool.find("annotations"); annotations != tool.end() && annotations->is_object())
    listed["annotations"] = *annotations;
  return listed;
}

std::string content_text(const Json& part) {
  const std::string type = member_text(part, "type");
  if (type == "text") return member_text(part, "text");
  if (type == "resource_link") return member_text(part, "uri");
  if (type == "resource" && part.contains("resource"))
    if (std::string text = member_text(part["resource"], "text"); !text.empty()) return text;
  return fmt::format("[{} {}, left out]", type.empty() ? "content" : type, member_text(part, "mimeType"));
}

}  // namespace

McpError::McpError(Kind kind, int code, const std::string& message)
    : std::runtime_error(printable(message)), kind_(kind), code_(code) {}

Json McpError::json() const {
  return {{"type", kind_ == Kind::Http ? "http_error" : "mcp_protocol_error"}, {"code", code_}, {"message", what()}};
}

Json mcp_result_of(Json answer) {
  if (const auto error = answer.find("error"); error != answer.end()) {
    const auto code = error->is_object() ? error->find("code") : error->end();
    const bool has_code = error->is_object() && code != error->end() && code->is_number_integer();
    const std::string message = member_text(*error, "message");
    throw McpError(McpError::Kind::Protocol, has_code ? code->get<int>() : kInternalError,
                   message.empty() ? "the server answers with an error" : message);
  }
  Json result = std::move(answer["result"]);
  if (!result.is_object()) refuse_answer("the server's result is no object");
  return result;
}

std::string add_mcp_tools(const Json& page, Json& tools) {
  const auto list = page.find("tools");
  if (list == page.end() || !list->is_array()) refuse_answer("the server's list of tools has no member tools");
  for (const Json& tool : *list) {
    if (tools.size() == kMaxMcpTools) refuse_answer(fmt::format("the server has more than {} tools", kMaxMcpTools));
    tools.push_back(listed_tool(tool));
  }
  return member_text(page, "nextCursor");
}

McpOutput mcp_output(const Json& result) {
  McpOutput output;
  const auto content = result.find("content");
  const bool has_content = content != result.end() && content->is_array();
  for (const Json& part : has_content ? *content : Json::array()) {
    if (!output.text.empty()) output.text += '\n';
    output.text += content_text(part);
  }
  if (const auto structured = result.find("structuredContent"); output.text.empty() && structured != result.end())
    output.text = to_json_text(*structured);
  if (const auto is_error = result.find("isError"); is_error != result.end() && *is_error == true)
    output.error = {{"type", "mcp_tool_execution_error"}, {"content", has_content ? *content : Json::array()}};
  return output;
}

}  // namespace facet::server
