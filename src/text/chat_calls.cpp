#include "text/chat_calls.h"

#include "base/error.h"

namespace facet::text {

const ChatJson& called_function(const ChatJson& call, const std::string& where) {
  if (!call.is_object() || !member(call, "function").is_object() || !member(call["function"], "name").is_string())
    throw_error<RequestError>("{}: expected {{\"function\": {{\"name\": ..., \"arguments\": {{...}}}}}}", where);
  const ChatJson& function = call["function"];
  if (!function.contains("arguments") || !(function["arguments"].is_object() || function["arguments"].is_null()))
    throw_error<RequestError>("{}.function.arguments: expected an object", where);
  return function;
}

std::string name_or_unknown(const ChatJson& response) {
  const ChatJson& name = member(response, "name");
  return name.is_string() && name != "" ? name.get<std::string>() : "unknown";
}

std::string answered_function(const ChatJson& caller, const ChatJson& tool) {
  std::string name = name_or_unknown(tool);
  for (const ChatJson& call : caller["tool_calls"])
    if (member(call, "id") == member(tool, "tool_call_id")) name = call["function"]["name"].get<std::string>();
  return name;
}

}  // namespace facet::text
