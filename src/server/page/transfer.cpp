#include "server/page/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "server/base64.h"
#include "server/ids.h"
#include "server/json_reading.h"
#include "server/media_parts.h"
#include "server/page/clock.h"

namespace facet::server {
namespace {

constexpr const char* kFormat = "facet.conversation";
constexpr int64_t kVersion = 1;

PageMedium read_medium(const Fields& fields) {
  PageMedium medium = read_page_medium(bytes_of_base64(fields.required_string("data"), fields.place("data")),
                                       fields.string_or("name", ""), fields.string_or("type", ""));
  if (medium.id != fields.required_string("id")) throw_invalid(fields.place("data"), "is not what its id says");
  return medium;
}

void read_messages(const Fields& body, ConversationFile& file) {
  std::set<std::string> known;
  for (const Json& item : body.list("messages")) {
    const std::string place = item_place("messages", file.messages.size());
    PageMessage message = read_page_message(item, {}, place);
    if (!message.parent.empty() && !known.contains(message.parent))
      throw_invalid(place + ".parent", fmt::format("no message '{}' before it", message.parent));
    if (!known.insert(message.id).second) throw_invalid(place + ".id", fmt::format("'{}' comes twice", message.id));
    file.messages.push_back(std::move(message));
  }
  std::string& leaf = file.conversation.leaf;
  leaf = body.string_or("leaf", file.messages.empty() ? "" : file.messages.back().id);
  if (!leaf.empty() && !known.contains(leaf)) throw_invalid("leaf", "no such message");
}

std::string heading(const std::string& role) {
  std::string title = role;
  title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return "## " + title + "\n\n";
}

// A fence that is longer than any in the text.
std::string fenced(const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return fence + "\n" + text + "\n" + fence + "\n\n";
}

std::string quoted(const std::string& text) {
  std::string out = "> ";
  for (const char c : text) out += c == '\n' ? "\n> " : std::string(1, c);
  return out + "\n\n";
}

std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : to_json_text(value); }

std::string message_markdown(const Json& message) {
  std::string out = heading(message["role"]);
  if (message.contains("thought")) out += quoted(message["thought"]);
  for (const Json& part : message["content"])
    if (part["type"] == "text")
      out += part["text"].get<std::string>() + "\n\n";
    else
      out += fmt::format("*{}: {}*\n\n", part["kind"].get<std::string>(), part["name"].get<std::string>());
  if (!message.contains("calls")) return out;
  for (const Json& call : message["calls"]) {
    out += fmt::format("Call of `{}`:\n\n", call["name"].get<std::string>()) +
           fenced(value_text(call.value("arguments", Json())));
    if (call.contains("result")) out += "Result:\n\n" + fenced(value_text(call["result"]));
  }
  return out;
}

// From the first message to the leaf.
std::vector<Json> branch_of(const Conversation& conversation, const std::vector<std::string>& messages) {
  std::vector<Json> branch;
  std::string wanted = conversation.leaf;
  for (auto message = messages.rbegin(); message != messages.rend() && !wanted.empty(); ++message) {
    Json json = Json::parse(*message);
    if (json["id"] != wanted) continue;
    wanted = json["parent"].is_string() ? json["parent"].get<std::string>() : "";
    branch.push_back(std::move(json));
  }
  std::reverse(branch.begin(), branch.end());
  return branch;
}

}  // namespace

ConversationFile read_conversation_file(std::string_view json) {
  const Json object = parse_body(json);
  const Fields body(object);
  if (body.string_or("format", "") != kFormat)
    throw_invalid("format", fmt::format("expected \"{}\": a conversation that the page exported as JSON", kFormat));
  if (body.integer("version", 1).value_or(kVersion) > kVersion)
    throw_invalid("version", fmt::format("written by a newer version, known is {}", kVersion));
  ConversationFile file;
  file.conversation.id = new_id("conv_");
  file.conversation.title = page_title(body.string_or("title", ""));
  file.conversation.is_pinned = body.boolean_or("pinned", false);
  file.conversation.settings = object_text(object, "settings", kMaxSettingsBytes);
  const double created = body.number("created_at", 0, 1e11).value_or(seconds_of(now_milliseconds()));
  file.conversation.created = static_cast<int64_t>(created * 1000);
  file.conversation.updated = now_milliseconds();
  read_messages(body, file);
  for (const Json& item : body.list("media"))
    file.media.push_back(read_medium(Fields(item, item_place("media", file.media.size()))));
  return file;
}

std::string conversation_json(const Conversation& c, const std::vector<std::string>& messages,
                              const std::vector<PageMedium>& media) {
  std::string json = to_json_text({{"format", kFormat},
                                   {"version", kVersion},
                                   {"title", c.title},
                                   {"pinned", c.is_pinned},
                                   {"leaf", c.leaf.empty() ? Json() : Json(c.leaf)},
                                   {"created_at", seconds_of(c.created)}});
  json.pop_back();
  json += fmt::format(",\"settings\":{},\"messages\":[{}],\"media\":[", c.settings, fmt::join(messages, ","));
  for (const PageMedium& m : media) {
    if (&m != &media.front()) json += ',';
    json += to_json_text(
        {{"id", m.id}, {"kind", m.kind}, {"type", m.type}, {"name", m.name}, {"data", to_base64(m.bytes)}});
  }
  return json + "]}";
}

std::string conversation_markdown(const Conversation& c, const std::vector<std::string>& messages) {
  std::string out = fmt::format("# {}\n\n", c.title.empty() ? "Conversation" : c.title);
  for (const Json& message : branch_of(c, messages)) out += message_markdown(message);
  return out;
}

std::vector<std::string> media_of(const std::vector<std::string>& messages) {
  std::set<std::string> ids;
  for (const std::string& message : messages) {
    const Json json = Json::parse(message);
    for (const Json& part : json["content"])
      if (part["type"] == "media") ids.insert(part["media"].get<std::string>());
  }
  return {ids.begin(), ids.end()};
}

}  // namespace facet::server
