// Ollama's /api/chat: messages with images beside their text, calls whose arguments are objects.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/dialects/ollama/request.h"
#include "server/media_parts.h"

namespace facet::server {
namespace {

Json ollama_calls(const Json& list, const std::string& place) {
  Json calls = Json::array();
  for (const Json& item : list) {
    const Fields call(item, item_place(place, calls.size()));
    const Fields function(call.require("function"), call.place("function"));
    const Json* arguments = function.find("arguments");
    Json made = {
        {"type", "function"},
        {"function",
         {{"name", function.required_string("name")}, {"arguments", arguments ? *arguments : Json::object()}}}};
    if (const auto id = call.string("id"); id && !id->empty()) made["id"] = *id;
    calls.push_back(std::move(made));
  }
  return calls;
}

Json ollama_message(const Fields& message, std::vector<MediaInput>& media) {
  const std::string role = message.required_string("role");
  static constexpr std::array<std::string_view, 5> kRoles = {"system", "user", "assistant", "tool", "developer"};
  if (std::find(kRoles.begin(), kRoles.end(), role) == kRoles.end())
    throw_invalid(message.place("role"),
                  fmt::format("'{}' is no role, expected system, user, assistant or tool", role));
  Json made = {{"role", role},
               {"content", ollama_content(message.string_or("content", ""), message.list("images"),
                                          message.place("images"), media)}};
  if (const auto thinking = message.string("thinking"); thinking && !thinking->empty())
    made["reasoning_content"] = *thinking;
  if (Json calls = ollama_calls(message.list("tool_calls"), message.place("tool_calls")); !calls.empty())
    made["tool_calls"] = std::move(calls);
  if (const auto id = message.string("tool_call_id"); id && !id->empty()) made["tool_call_id"] = *id;
  if (const auto name = message.string("tool_name"); name && !name->empty()) made["name"] = *name;
  return made;
}

Json ollama_tools(const Fields& body) {
  Json tools;
  for (const Json& item : body.list("tools")) {
    const Fields tool(item, item_place("tools", tools.size()));
    const Fields function(tool.require("function"), tool.place("function"));
    function.required_string("name");
    Json made = item;
    made["type"] = "function";  // the library for Python leaves it out at times
    tools.push_back(std::move(made));
  }
  return tools;
}

}  // namespace

Json ollama_content(const std::string& text, const Json& images, const std::string& place,
                    std::vector<MediaInput>& media) {
  if (images.empty()) return text;
  Json parts = Json::array();
  for (const Json& item : images) {
    const std::string where = item_place(place, parts.size());
    const std::string& given = string_at(item, where);
    const bool is_url = given.starts_with("data:") || given.starts_with("http");
    std::string bytes = is_url ? bytes_of_url(given, where).bytes : bytes_of_base64(given, where);
    Json part = file_part(std::move(bytes), "", "", where, media);
    if (part.at("type") == "text") throw_invalid(where, "is no picture and no sound");
    parts.push_back(std::move(part));
  }
  if (!text.empty()) parts.push_back({{"type", "text"}, {"text", text}});
  return parts;
}

OllamaRequest ollama_chat_request(const Fields& body, const ModelInfo& model) {
  OllamaRequest request;
  GenerationRequest& generation = request.generation;
  generation.model = ollama_model_name(body);
  read_ollama_options(body, model, request);
  for (const Json& item : body.list("messages"))
    generation.messages.push_back(
        ollama_message(Fields(item, item_place("messages", generation.messages.size())), generation.media));
  generation.tools = ollama_tools(body);
  request.only_loads = generation.messages.empty();
  if (!request.only_loads) {
    const Json& last = generation.messages.back();
    generation.continues_last = last.at("role") == "assistant" && !last.contains("tool_calls");
  }
  return request;
}

}  // namespace facet::server
