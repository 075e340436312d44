#include "server/dialects/openai/responses/response_items.h"

#include <fmt/format.h>

#include "server/base64.h"
#include "server/media_parts.h"
#include "text/utf8.h"

namespace facet::server {
namespace {

constexpr std::string_view kSeal = "facet-thought-1:";

bool is_hosted(std::string_view type) {
  return type.ends_with("_call") || type.ends_with("_call_output") || type.starts_with("compaction");
}

// The texts of [{type, text}].
std::string joined_texts(const Fields& item, const char* key) {
  std::string text;
  size_t index = 0;
  for (const Json& part : item.list(key)) {
    const std::string piece = Fields(part, item_place(item.place(key), index++)).string_or("text", "");
    if (!text.empty() && !piece.empty()) text += '\n';
    text += piece;
  }
  return text;
}

}  // namespace

std::string sealed_thought(const std::string& thought) { return std::string(kSeal) + to_base64(thought); }

std::string unsealed_thought(const std::string& sealed) {
  if (!sealed.starts_with(kSeal) || sealed.size() == kSeal.size()) return {};
  return text::repair_utf8(bytes_of_base64(std::string_view(sealed).substr(kSeal.size()), "encrypted_content"));
}

Json& ItemReader::open_turn() {
  if (!is_turn_open_) request_->messages.push_back({{"role", "assistant"}, {"content", ""}});
  is_turn_open_ = true;
  return request_->messages.back();
}

std::string ItemReader::declared_name(const Fields& item) const {
  std::string name = item.required_string("name");
  if (const auto space = item.string("namespace"))
    for (const auto& [declared, origin] : *namespaces_)
      if (origin.space == *space && origin.name == name) return declared;
  return name;
}

void ItemReader::add_message(const Fields& item) {
  const std::string role = item.required_string("role");
  if (role != "user" && role != "assistant" && role != "system" && role != "developer")
    throw_invalid(item.place("role"), fmt::format("expected user, assistant, system or developer, got '{}'", role));
  Json content = content_.read(item.require("content"), item.place("content"));
  if (role != "assistant") {
    is_turn_open_ = false;
    request_->messages.push_back({{"role", role}, {"content", std::move(content)}});
    return;
  }
  if (is_turn_open_ && (open_turn()["content"] != "" || open_turn().contains("tool_calls"))) is_turn_open_ = false;
  open_turn()["content"] = std::move(content);
}

void ItemReader::add_call(const Fields& item, const char* arguments_key) {
  Json arguments = item.string_or(arguments_key, "");
  if (arguments_key == std::string_view("input")) arguments = to_json_text({{"input", arguments}});
  open_turn()["tool_calls"].push_back({{"id", item.required_string("call_id")},
                                       {"type", "function"},
                                       {"function", {{"name", declared_name(item)}, {"arguments", arguments}}}});
}

void ItemReader::add_result(const Fields& item) {
  is_turn_open_ = false;
  request_->messages.push_back({{"role", "tool"},
                                {"tool_call_id", item.required_string("call_id")},
                                {"content", content_.read(item.require("output"), item.place("output"))}});
}

void ItemReader::add_thought(const Fields& item) {
  std::string thought = joined_texts(item, "content");
  if (thought.empty()) thought = unsealed_thought(item.string_or("encrypted_content", ""));
  if (thought.empty()) thought = joined_texts(item, "summary");
  if (thought.empty()) return;
  if (is_turn_open_ && (open_turn()["content"] != "" || open_turn().contains("tool_calls"))) is_turn_open_ = false;
  Json& turn = open_turn();
  turn["reasoning_content"] = turn.value("reasoning_content", "") + thought;
}

void ItemReader::add(const Json& json, const std::string& place) {
  const Fields item(json, place);
  const std::string type = item.string_or("type", "message");
  if (type == "message") return add_message(item);
  if (type == "function_call") return add_call(item, "arguments");
  if (type == "custom_tool_call") return add_call(item, "input");
  if (type == "function_call_output" || type == "custom_tool_call_output") return add_result(item);
  if (type == "reasoning") return add_thought(item);
  if (add_of_mcp(item, type)) return;
  if (!is_hosted(type))
    throw_invalid(item.place("type"), fmt::format("expected message, function_call, function_call_output, reasoning "
                                                  "or item_reference, got '{}'",
                                                  type));
}

}  // namespace facet::server
