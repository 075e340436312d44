// Gemini's contents, whose parts hold calls and results too, as OpenAI's messages.
#include <fmt/format.h>

#include "server/dialects/gemini/request.h"
#include "server/media_parts.h"

namespace facet::server {
namespace {

Json gemini_call(const Fields& call) {
  const Json* args = call.find("args");
  Json made = {{"type", "function"},
               {"function", {{"name", call.required_string("name")}, {"arguments", args ? *args : Json::object()}}}};
  if (const auto id = call.string("id"); id && !id->empty()) made["id"] = *id;
  return made;
}

// What one content says, in the order of its parts.
struct GeminiContent {
  Json parts = Json::array(), calls = Json::array(), results = Json::array();
  std::string thought;
};

Json gemini_inline_data(const Fields& data, std::vector<MediaInput>& media) {
  const std::string place = data.place("data");
  return file_part(bytes_of_base64(data.required_string("data"), place), data.string_or("mimeType", ""),
                   data.string_or("displayName", ""), place, media);
}

Json gemini_file_data(const Fields& data, std::vector<MediaInput>& media) {
  const std::string place = data.place("fileUri");
  DataUrl url = bytes_of_url(data.required_string("fileUri"), place);
  return file_part(std::move(url.bytes), url.type, data.string_or("displayName", ""), place, media);
}

// Responses are objects, so Google's libraries put what is none into {"result": ...}, and its documentation into
// {"output": ...}: that member alone is what the function gave.
std::string gemini_result_text(const Json& response) {
  const bool is_wrapped = response.is_object() && response.size() == 1 &&
                          (response.begin().key() == "result" || response.begin().key() == "output");
  const Json& result = is_wrapped ? response.front() : response;
  return result.is_string() ? result.get<std::string>() : text::chat_json_text(result);
}

// A function's result may have media beside its response.
Json gemini_result(const Fields& result, std::vector<MediaInput>& media) {
  const Json* response = result.find("response");
  Json content = response ? gemini_result_text(*response) : "";
  const Json& parts = result.list("parts");
  if (!parts.empty()) content = Json::array({{{"type", "text"}, {"text", content}}});
  for (size_t i = 0; i < parts.size(); i++) {
    const Fields part(parts[i], item_place(result.place("parts"), i));
    content.push_back(gemini_inline_data(Fields(part.require("inlineData"), part.place("inlineData")), media));
  }
  Json made = {{"role", "tool"}, {"name", result.required_string("name")}, {"content", std::move(content)}};
  if (const auto id = result.string("id"); id && !id->empty()) made["tool_call_id"] = *id;
  return made;
}

void read_gemini_part(const Fields& part, std::vector<MediaInput>& media, GeminiContent& content) {
  if (const auto call = part.object("functionCall")) {
    content.calls.push_back(gemini_call(*call));
  } else if (const auto result = part.object("functionResponse")) {
    content.results.push_back(gemini_result(*result, media));
  } else if (const auto data = part.object("inlineData")) {
    content.parts.push_back(gemini_inline_data(*data, media));
  } else if (const auto file = part.object("fileData")) {
    content.parts.push_back(gemini_file_data(*file, media));
  } else if (const auto text = part.string("text")) {
    if (part.boolean_or("thought", false))
      content.thought += *text;
    else if (!text->empty())
      content.parts.push_back({{"type", "text"}, {"text", *text}});
  } else if (!part.has("thoughtSignature")) {
    throw_invalid(part.place(), "has none of text, inlineData, fileData, functionCall, functionResponse");
  }
}

GeminiContent read_gemini_content(const Fields& owner, std::vector<MediaInput>& media) {
  GeminiContent content;
  const Json& parts = owner.list("parts");
  for (size_t i = 0; i < parts.size(); i++)
    read_gemini_part(Fields(parts[i], item_place(owner.place("parts"), i)), media, content);
  return content;
}

// One text as a string, more as a list.
Json gemini_parts(Json parts) {
  if (parts.empty()) return "";
  if (parts.size() == 1 && parts[0].at("type") == "text") return parts[0].at("text");
  return parts;
}

void append_gemini_content(const Fields& owner, std::vector<MediaInput>& media, Json& messages) {
  const std::string role = owner.string_or("role", "user");
  GeminiContent content = read_gemini_content(owner, media);
  if (role == "model") {
    Json made = {{"role", "assistant"}, {"content", gemini_parts(std::move(content.parts))}};
    if (!content.thought.empty()) made["reasoning_content"] = std::move(content.thought);
    if (!content.calls.empty()) made["tool_calls"] = std::move(content.calls);
    messages.push_back(std::move(made));
    return;
  }
  if (role != "user" && role != "function" && role != "tool")
    throw_invalid(owner.place("role"), fmt::format("'{}' is no role, expected user or model", role));
  for (Json& result : content.results) messages.push_back(std::move(result));
  if (!content.parts.empty())
    messages.push_back({{"role", "user"}, {"content", gemini_parts(std::move(content.parts))}});
}

// A content, or a string.
std::string gemini_system(const Json& instruction) {
  if (instruction.is_string()) return instruction.get<std::string>();
  std::vector<MediaInput> none;
  std::string text;
  for (const Json& part : read_gemini_content(Fields(instruction, "systemInstruction"), none).parts) {
    if (part.at("type") != "text") throw_invalid("systemInstruction", "expected text alone");
    if (!text.empty()) text += '\n';
    text += part.at("text").get<std::string>();
  }
  return text;
}

}  // namespace

Json gemini_messages(const Fields& body, std::vector<MediaInput>& media) {
  Json messages = Json::array();
  if (const Json* instruction = body.find("systemInstruction"))
    if (std::string text = gemini_system(*instruction); !text.empty())
      messages.push_back({{"role", "system"}, {"content", std::move(text)}});
  const Json& contents = body.require("contents");
  if (contents.is_object()) {
    append_gemini_content(Fields(contents, "contents"), media, messages);
  } else {
    const Json& list = body.list("contents");
    for (size_t i = 0; i < list.size(); i++)
      append_gemini_content(Fields(list[i], item_place("contents", i)), media, messages);
  }
  if (messages.empty()) throw_invalid("contents", "are empty: at least one content with a part is required");
  return messages;
}

}  // namespace facet::server
