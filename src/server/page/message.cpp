#include "server/page/message.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "server/ids.h"
#include "server/json_reading.h"
#include "server/page/clock.h"
#include "text/utf8.h"

namespace facet::server {
namespace {

constexpr size_t kMaxMessageBytes = size_t{4} << 20;

const std::string& one_of(const std::string& word, std::initializer_list<std::string_view> known,
                          const std::string& place) {
  if (std::find(known.begin(), known.end(), word) == known.end())
    throw_invalid(place, fmt::format("expected one of {}, got '{}'", fmt::join(known, ", "), printable(word, 50)));
  return word;
}

std::string id_of(const Fields& fields, const char* key) {
  std::string id = fields.string_or(key, "");
  if (!id.empty() && !is_page_id(id))
    throw_invalid(fields.place(key), "expected at most 64 letters, digits, '-' and '_'");
  return id;
}

Json part_of(const Fields& part, PageMessage& message) {
  if (one_of(part.required_string("type"), {"text", "media"}, part.place("type")) == "text") {
    const std::string text = part.required_string("text");
    message.words += text + "\n";
    return {{"type", "text"}, {"text", text}};
  }
  const std::string id = id_of(part, "media");
  if (id.empty()) throw_invalid(part.place("media"), "is missing");
  message.media.push_back(id);
  const std::string kind = part.required_string("kind"), name = part.string_or("name", "");
  one_of(kind, {"image", "audio", "video", "document"}, part.place("kind"));
  message.words += name + "\n";
  Json json = {{"type", "media"}, {"media", id}, {"kind", kind}, {"name", name}};
  for (const char* key : {"budget", "pages"})
    if (const Json* value = part.find(key)) json[key] = *value;
  return json;
}

Json content_of(const Fields& fields, PageMessage& message) {
  Json parts = Json::array();
  const Json* content = fields.find("content");
  if (content && content->is_string()) {  // as OpenAI's messages may have it
    message.words = content->get<std::string>() + "\n";
    return Json::array({{{"type", "text"}, {"text", *content}}});
  }
  for (const Json& part : fields.list("content"))
    parts.push_back(part_of(Fields(part, item_place(fields.place("content"), parts.size())), message));
  return parts;
}

Json calls_of(const Fields& fields) {
  Json calls = Json::array();
  for (const Json& item : fields.list("calls")) {
    const Fields call(item, item_place(fields.place("calls"), calls.size()));
    Json json = {{"id", call.string_or("id", "")}, {"name", call.required_string("name")}};
    for (const char* key : {"arguments", "result"})
      if (const Json* value = call.find(key)) json[key] = *value;
    if (const auto seconds = call.number("seconds", 0, 1e9)) json["seconds"] = *seconds;
    calls.push_back(std::move(json));
  }
  return calls;
}

}  // namespace

bool is_page_id(std::string_view id) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return !id.empty() && id.size() <= 64 && id.find_first_not_of(kLetters) == std::string_view::npos;
}

std::string folded(std::string_view text) {
  std::string clean = text::repair_utf8(text);
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  constexpr auto kHow = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
  utf8proc_uint8_t* mapped = nullptr;
  const auto n = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(clean.data()),
                              static_cast<utf8proc_ssize_t>(clean.size()), &mapped, kHow);
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owner(mapped, std::free);
  return n < 0 ? clean : std::string(reinterpret_cast<const char*>(mapped), static_cast<size_t>(n));
}

std::string page_title(std::string_view text) {
  std::string line = text::repair_utf8(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return printable(line, 300);
}

std::string object_text(const Json& body, const char* key, size_t max_bytes) {
  const auto object = Fields(body).object(key);
  std::string text = object ? to_json_text(body[key]) : "{}";
  if (text.size() > max_bytes)
    throw ApiError(ApiError::Kind::TooLarge,
                   fmt::format("{}: {} bytes, at most {} are kept", key, text.size(), max_bytes), key);
  return text;
}

PageMessage read_page_message(const Json& body, const std::string& id, const std::string& place) {
  const Fields fields(body, place);
  PageMessage message;
  message.id = id.empty() ? id_of(fields, "id") : id;
  if (message.id.empty()) message.id = new_id("msg_");
  message.parent = id_of(fields, "parent");
  const std::string role = fields.required_string("role"), state = fields.string_or("state", "done");
  one_of(role, {"user", "assistant", "tool", "system"}, fields.place("role"));
  one_of(state, {"done", "writing", "stopped", "failed"}, fields.place("state"));

  Json json = {{"id", message.id}, {"parent", message.parent.empty() ? Json() : Json(message.parent)}, {"role", role}};
  json["content"] = content_of(fields, message);
  if (const auto thought = fields.string("thought")) json["thought"] = *thought;
  if (fields.has("calls")) json["calls"] = calls_of(fields);
  for (const char* key : {"model", "error"})
    if (const auto text = fields.string(key)) json[key] = *text;
  for (const char* key : {"usage", "timing", "logprobs"})
    if (const Json* value = fields.find(key)) json[key] = *value;
  json["state"] = state;
  json["created_at"] = fields.number("created_at", 0, 1e11).value_or(seconds_of(now_milliseconds()));
  message.json = to_json_text(json);
  if (message.json.size() > kMaxMessageBytes)
    throw ApiError(ApiError::Kind::TooLarge,
                   fmt::format("a message of {} bytes: at most {} are kept", message.json.size(), kMaxMessageBytes));
  message.words = folded(message.words);
  return message;
}

}  // namespace facet::server
