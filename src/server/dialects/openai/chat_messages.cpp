#include "server/dialects/openai/chat_messages.h"

#include <fmt/format.h>

namespace facet::server {
namespace {

// Text of arguments, or the object that some clients send.
Json read_arguments(const Fields& function) {
  const Json* arguments = function.find("arguments");
  if (!arguments) return "";
  if (!arguments->is_string() && !arguments->is_object())
    throw_invalid(function.place("arguments"), "expected JSON text or an object");
  return *arguments;
}

Json read_call(const Fields& call) {
  if (const std::string type = call.string_or("type", "function"); type != "function")
    throw_invalid(call.place("type"), fmt::format("expected function, got '{}'", type));
  call.require("function");
  const Fields function = *call.object("function");
  Json result = Json::object();
  if (auto id = call.string("id")) result["id"] = std::move(*id);
  result["type"] = "function";
  result["function"] = {{"name", function.required_string("name")}, {"arguments", read_arguments(function)}};
  return result;
}

void read_calls(const Fields& message, Json& result) {
  Json calls = Json::array();
  for (const Json& call : message.list("tool_calls"))
    calls.push_back(read_call(Fields(call, item_place(message.place("tool_calls"), calls.size()))));
  if (const auto old = message.object("function_call"); old && calls.empty())
    calls.push_back({{"type", "function"},
                     {"function", {{"name", old->required_string("name")}, {"arguments", read_arguments(*old)}}}});
  if (!calls.empty()) result["tool_calls"] = std::move(calls);
}

// Thoughts come back under the name that the client knows.
void read_thoughts(const Fields& message, Json& result) {
  for (const char* key : {"reasoning_content", "reasoning"})
    if (const Json* value = message.find(key); value && value->is_string() && !value->get<std::string>().empty()) {
      result["reasoning_content"] = *value;
      return;
    }
}

Json read_message(const Fields& message, ContentReader& reader) {
  const std::string role = message.required_string("role");
  const bool is_assistant = role == "assistant", is_tool = role == "tool" || role == "function";
  if (!is_assistant && !is_tool && role != "system" && role != "developer" && role != "user")
    throw_invalid(message.place("role"),
                  fmt::format("expected system, developer, user, assistant or tool, got '{}'", role));
  Json result = {{"role", is_tool ? "tool" : role}};
  const Json* content = is_assistant || is_tool ? message.find("content") : &message.require("content");
  result["content"] = content ? reader.read(*content, message.place("content")) : Json("");
  if (is_assistant) {
    read_thoughts(message, result);
    read_calls(message, result);
  }
  for (const char* key : {"tool_call_id", "name"})
    if (auto value = is_tool ? message.string(key) : std::nullopt) result[key] = std::move(*value);
  return result;
}

}  // namespace

void read_messages(const Fields& body, GenerationRequest& request, const FindFile& find_file) {
  body.require("messages");
  const Json& messages = body.list("messages");
  if (messages.empty()) throw_invalid("messages", "expected at least one message");
  ContentReader reader(request.media, find_file);
  for (const Json& message : messages)
    request.messages.push_back(read_message(Fields(message, item_place("messages", request.messages.size())), reader));
  request.continues_last = body.boolean_or("continue_final_message", false);
  if (request.continues_last && request.messages.back()["role"] != "assistant")
    throw_invalid("continue_final_message", "the last message is not the assistant's");
}

}  // namespace facet::server
