#include "apps/chat/conversation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "text/chat.h"

namespace facet::apps::chat {
namespace {

using Json = Conversation::Json;

constexpr int kVersion = 1;

bool has_role(const Json& message, std::string_view role) {
  return message["role"].get_ref<const std::string&>() == role;
}

// What add_user() writes.
bool are_parts(const Json& content) {
  if (!content.is_array()) return false;
  return std::ranges::all_of(content, [](const Json& part) {
    const auto is_text = [&](const char* key) { return part.contains(key) && part[key].is_string(); };
    if (!part.is_object() || !is_text("type")) return false;
    const std::string& type = part["type"].get_ref<const std::string&>();
    if (type == "text") return is_text("text");
    const bool fits = !part.contains("budget") || is_text("budget");
    return fits && (type == "image" || type == "audio" || type == "video") && is_text("path");
  });
}

void check_message(const Json& message, size_t i, std::string_view source) {
  if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
    throw_error<FormatError>("{}: message {} must be an object with a \"role\"", source, i);
  if (!message.contains("content") || !(message["content"].is_string() || are_parts(message["content"])))
    throw_error<FormatError>(
        R"({}: message {} must have a "content": text, or parts with a "type" and a "text" or a "path")", source, i);
  if (!message["content"].is_string() && !has_role(message, "user"))
    throw_error<FormatError>("{}: message {} shows files, which only the user's do", source, i);
  const bool is_result = has_role(message, "tool") && message.contains("tool_call_id");
  if (!has_role(message, "user") && !has_role(message, "assistant") && !is_result &&
      !(has_role(message, "system") && i == 0))
    throw_error<FormatError>("{}: message {} has the role \"{}\"; expected user or assistant, or system first", source,
                             i, message["role"].get<std::string>());
  if (const Json reasoning = message.value("reasoning", Json()); !reasoning.is_null() && !reasoning.is_string())
    throw_error<FormatError>("{}: message {} has a \"reasoning\" that is not text", source, i);
}

Json parse(std::string_view text, std::string_view source) {
  try {
    return text::parse_chat_json(text);
  } catch (const RequestError& e) {
    throw_error<FormatError>("{}: {}", source, e.what());
  }
}

}  // namespace

void Conversation::add_user(std::string text, const Json& files) {
  Json content = std::move(text);
  if (!files.empty()) {
    Json parts = files;
    parts.push_back({{"type", "text"}, {"text", std::move(content)}});
    content = std::move(parts);
  }
  messages_.push_back({{"role", "user"}, {"content", std::move(content)}});
}

void Conversation::add_answer(std::string content, std::string reasoning, const Json& calls) {
  Json message{{"role", "assistant"}, {"content", std::move(content)}};
  if (!reasoning.empty()) message["reasoning"] = std::move(reasoning);
  open_calls_.clear();
  for (const Json& call : calls) {
    open_calls_.push_back(fmt::format("call_{}", ++n_calls_));
    message["tool_calls"].push_back({{"id", open_calls_.back()}, {"type", "function"}, {"function", call}});
  }
  messages_.push_back(std::move(message));
}

void Conversation::add_result(std::string text) {
  messages_.push_back({{"role", "tool"}, {"tool_call_id", open_calls_.front()}, {"content", std::move(text)}});
  open_calls_.erase(open_calls_.begin());
}

size_t Conversation::last_user() const noexcept {
  for (size_t i = messages_.size(); i-- > 0;)
    if (has_role(messages_[i], "user")) return i;
  return messages_.size();
}

bool Conversation::undo() {
  const size_t i = last_user();
  if (i == messages_.size()) return false;
  messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i), messages_.end());
  return true;
}

bool Conversation::undo_answer() {
  const size_t i = last_user();
  if (i == messages_.size()) return false;
  messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i) + 1, messages_.end());
  return true;
}

Json Conversation::messages() const {
  Json all = Json::array();
  if (!system.empty()) all.push_back({{"role", "system"}, {"content", system}});
  all.insert(all.end(), messages_.begin(), messages_.end());
  return all;
}

std::string Conversation::to_text() const {
  const Json all{{"facet_chat", kVersion}, {"think", think}, {"messages", messages()}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Conversation Conversation::from_text(std::string_view text, std::string_view source) {
  const Json all = parse(text, source);
  Conversation c;
  if (all.is_object()) {
    if (all.value("facet_chat", Json(kVersion)) != Json(kVersion))
      throw_error<FormatError>("{}: \"facet_chat\" is {}; expected {}", source, text::chat_json_text(all["facet_chat"]),
                               kVersion);
    if (all.contains("think")) c.think = all["think"] == Json(true);
  }
  const Json messages = all.is_object() ? all.value("messages", Json()) : all;
  if (!messages.is_array()) throw_error<FormatError>("{}: expected \"messages\", a list", source);
  for (size_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    check_message(message, i, source);
    if (has_role(message, "system"))
      c.system = message["content"];
    else if (has_role(message, "user"))
      c.messages_.push_back({{"role", "user"}, {"content", message["content"]}});
    else if (has_role(message, "tool") || message.contains("tool_calls"))
      c.messages_.push_back(message);  // rendering checks them
    else
      c.add_answer(message["content"], message.value("reasoning", Json()).is_string() ? message["reasoning"] : "");
  }
  return c;
}

}  // namespace facet::apps::chat
