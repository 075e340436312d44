#include <algorithm>

#include "server/messages.h"

namespace facet::server {
namespace {

// Texts of parts as one; parts of other kinds stay what they are.
Json joined_content(const Json& message) {
  const Json content = message.value("content", Json());
  if (content.is_null()) return "";
  const auto is_text = [](const Json& part) {
    return part.is_object() && part.value("type", Json()) == "text" && part.value("text", Json()).is_string();
  };
  if (!content.is_array() || !std::ranges::all_of(content, is_text)) return content;
  std::string text;
  for (const Json& part : content) text += part["text"].get<std::string>();
  return text;
}

Json appended(const Json& first, const Json& second) {
  if (first == "") return second;
  if (second == "") return first;
  if (first.is_string() && second.is_string()) return first.get<std::string>() + "\n\n" + second.get<std::string>();
  Json parts = Json::array();
  for (const Json* content : {&first, &second}) {
    if (content->is_array())
      parts.insert(parts.end(), content->begin(), content->end());
    else
      parts.push_back({{"type", "text"}, {"text", *content}});
  }
  return parts;
}

void append_message(Json& to, const Json& message) {
  to["content"] = appended(to["content"], message["content"]);
  if (!message.contains("tool_calls")) return;
  for (const Json& call : message["tool_calls"]) to["tool_calls"].push_back(call);
}

}  // namespace

Json fit_gemma3(const Json& messages) {
  Json out = Json::array();
  for (Json message : messages) {
    if (message["role"] == "system" && !out.empty()) message["role"] = "user";
    const Json role = message["role"];
    if (role != "tool") message["content"] = joined_content(message);
    if (role == "assistant" && (out.empty() || out.back()["role"] == "system"))
      out.push_back({{"role", "user"}, {"content", ""}});
    if (role != "tool" && !out.empty() && out.back()["role"] == role)
      append_message(out.back(), message);
    else
      out.push_back(std::move(message));
  }
  return out;
}

}  // namespace facet::server
