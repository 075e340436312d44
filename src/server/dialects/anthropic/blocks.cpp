#include "server/dialects/anthropic/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/media_parts.h"

namespace facet::server {
namespace {

void append_anthropic_text(const std::string& text, Json& parts) {
  if (!text.empty()) parts.push_back({{"type", "text"}, {"text", text}});
}

[[noreturn]] void refuse_block(const Fields& block, const std::string& type) {
  throw_invalid(block.place("type"), fmt::format("'{}' is no content block that this server knows", type));
}

// The blocks in a list called "content".
void append_anthropic_list(const Fields& owner, std::vector<MediaInput>& media, Json& parts) {
  const Json& list = owner.list("content");
  for (size_t i = 0; i < list.size(); i++)
    append_anthropic_parts(Fields(list[i], item_place(owner.place("content"), i)), media, parts);
}

// source of an image or a document: base64, a url (data: alone), or text.
void append_anthropic_source(const Fields& block, std::vector<MediaInput>& media, Json& parts) {
  const Fields source(block.require("source"), block.place("source"));
  const std::string type = source.required_string("type");
  const std::string name = block.string_or("title", "");
  if (type == "base64") {
    const std::string place = source.place("data");
    std::string bytes = bytes_of_base64(source.required_string("data"), place);
    parts.push_back(file_part(std::move(bytes), source.string_or("media_type", ""), name, place, media));
  } else if (type == "url") {
    DataUrl url = bytes_of_url(source.required_string("url"), source.place("url"));
    parts.push_back(file_part(std::move(url.bytes), url.type, name, source.place("url"), media));
  } else if (type == "text") {
    append_anthropic_text((name.empty() ? "" : name + ":\n") + source.required_string("data"), parts);
  } else if (type == "content") {
    append_anthropic_text(name, parts);
    const Json& content = source.require("content");
    if (content.is_string()) return append_anthropic_text(content.get<std::string>(), parts);
    append_anthropic_list(source, media, parts);
  } else {
    throw ApiError(ApiError::Kind::Unsupported,
                   fmt::format("{}: '{}' is not supported, send the content as base64", source.place("type"), type),
                   source.place("type"));
  }
}

// An image block must be one; a document may be text.
void append_anthropic_image(const Fields& block, std::vector<MediaInput>& media, Json& parts) {
  const size_t n_before = parts.size();
  append_anthropic_source(block, media, parts);
  if (parts.size() == n_before || parts.back().at("type") == "text")
    throw_invalid(block.place("source"), "is no picture that can be read");
}

void append_search_result(const Fields& block, std::vector<MediaInput>& media, Json& parts) {
  append_anthropic_text(fmt::format("{} ({})", block.string_or("title", ""), block.string_or("source", "")), parts);
  append_anthropic_list(block, media, parts);
}

}  // namespace

bool is_anthropic_server_tool(std::string_view type) {
  static constexpr std::array<std::string_view, 5> kServerTools = {"web_search", "web_fetch", "code_execution",
                                                                   "tool_search", "mcp_toolset"};
  return std::any_of(kServerTools.begin(), kServerTools.end(),
                     [type](std::string_view name) { return type.starts_with(name); });
}

std::string anthropic_system_text(const Fields& block) {
  const std::string type = block.required_string("type");
  if (type != "text") throw_invalid(block.place("type"), fmt::format("'{}' is not text", type));
  std::string text = block.required_string("text");
  return text.starts_with("x-anthropic-billing-header:") ? std::string() : text;
}

void append_anthropic_parts(const Fields& block, std::vector<MediaInput>& media, Json& parts) {
  const std::string type = block.required_string("type");
  if (type == "text") return append_anthropic_text(block.required_string("text"), parts);
  if (type == "image") return append_anthropic_image(block, media, parts);
  if (type == "document") return append_anthropic_source(block, media, parts);
  if (type == "search_result") return append_search_result(block, media, parts);
  if (type == "tool_reference") return;
  refuse_block(block, type);
}

Json anthropic_tool_result(const Fields& block, std::vector<MediaInput>& media) {
  Json parts = Json::array();
  const Json* content = block.find("content");
  if (content && content->is_string())
    append_anthropic_text(content->get<std::string>(), parts);
  else
    append_anthropic_list(block, media, parts);
  // The chat format has no place for "is_error": the model is told in words.
  if (block.boolean_or("is_error", false)) parts.insert(parts.begin(), Json{{"type", "text"}, {"text", "Error:"}});
  return {{"role", "tool"},
          {"tool_call_id", block.required_string("tool_use_id")},
          {"content", content_of_parts(std::move(parts))}};
}

Json content_of_parts(Json parts) {
  std::string text;
  for (const Json& part : parts) {
    if (part.at("type") != "text") return parts;
    if (!text.empty()) text += '\n';
    text += part.at("text").get<std::string>();
  }
  return text;
}

}  // namespace facet::server
