// Anthropic's messages, whose content is a list of blocks, as OpenAI's, where calls and results have places of their
// own.
#include <fmt/format.h>

#include "server/dialects/anthropic/blocks.h"
#include "server/dialects/anthropic/request.h"

namespace facet::server {
namespace {

// Calls f with each block; content that is a string is one block of text.
template <class F>
void for_each_block(const Fields& owner, const char* key, F&& f) {
  const Json& content = owner.require(key);
  if (content.is_string()) {
    const Json block = {{"type", "text"}, {"text", content}};
    return f(Fields(block, owner.place(key)));
  }
  const Json& list = owner.list(key);
  for (size_t i = 0; i < list.size(); i++) f(Fields(list[i], item_place(owner.place(key), i)));
}

void append_anthropic_system(const Fields& owner, const char* key, Json& messages) {
  std::string text;
  for_each_block(owner, key, [&text](const Fields& block) {
    const std::string more = anthropic_system_text(block);
    if (!text.empty() && !more.empty()) text += "\n\n";
    text += more;
  });
  if (!text.empty()) messages.push_back({{"role", "system"}, {"content", std::move(text)}});
}

void append_anthropic_user(const Fields& message, std::vector<MediaInput>& media, Json& messages) {
  Json parts = Json::array();
  const auto flush = [&] {
    if (!parts.empty()) messages.push_back({{"role", "user"}, {"content", content_of_parts(std::move(parts))}});
    parts = Json::array();
  };
  for_each_block(message, "content", [&](const Fields& block) {
    if (block.required_string("type") != "tool_result") return append_anthropic_parts(block, media, parts);
    flush();
    messages.push_back(anthropic_tool_result(block, media));
  });
  flush();
}

Json anthropic_call(const Fields& block) {
  const Json* input = block.find("input");
  return {{"id", block.required_string("id")},
          {"type", "function"},
          {"function", {{"name", block.required_string("name")}, {"arguments", input ? *input : Json::object()}}}};
}

void append_anthropic_assistant(const Fields& message, std::vector<MediaInput>& media, Json& messages) {
  Json parts = Json::array(), calls = Json::array();
  std::string thought;
  for_each_block(message, "content", [&](const Fields& block) {
    const std::string type = block.required_string("type");
    if (type == "thinking")
      thought += block.string_or("thinking", "");
    else if (type == "tool_use")
      calls.push_back(anthropic_call(block));
    else if (type != "redacted_thinking" && type != "server_tool_use" && !type.ends_with("_tool_result"))
      append_anthropic_parts(block, media, parts);
  });
  Json made = {{"role", "assistant"}, {"content", content_of_parts(std::move(parts))}};
  if (!thought.empty()) made["reasoning_content"] = std::move(thought);
  if (!calls.empty()) made["tool_calls"] = std::move(calls);
  messages.push_back(std::move(made));
}

}  // namespace

Json anthropic_messages_of(const Fields& body, std::vector<MediaInput>& media) {
  Json messages = Json::array();
  if (body.has("system")) append_anthropic_system(body, "system", messages);
  const Json& list = body.list("messages");
  if (list.empty()) throw_invalid("messages", "at least one message is required");
  for (size_t i = 0; i < list.size(); i++) {
    const Fields message(list[i], item_place("messages", i));
    const std::string role = message.required_string("role");
    if (role == "user")
      append_anthropic_user(message, media, messages);
    else if (role == "assistant")
      append_anthropic_assistant(message, media, messages);
    else if (role == "system")
      append_anthropic_system(message, "content", messages);
    else
      throw_invalid(message.place("role"), fmt::format("'{}' is no role, expected user or assistant", role));
  }
  if (messages.empty()) throw_invalid("messages", "none of them says anything");
  return messages;
}

}  // namespace facet::server
