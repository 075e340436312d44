#include "evaluation/skill_set.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"

namespace facet::evaluation {
namespace {

namespace fs = std::filesystem;
using text::ChatJson;

constexpr int kMaxTokens = 1 << 16;  // of an answer

// The member, which must be there and be what is_right says.
template <class IsRight>
const ChatJson& need(const ChatJson& json, const char* key, const char* what, IsRight&& is_right) {
  const auto at = json.find(key);
  if (at == json.end() || !is_right(*at)) throw_error<RequestError>("{}: expected {}", key, what);
  return *at;
}

bool is_file_part(const ChatJson& part) {
  if (!part.is_object()) return false;
  const auto type = part.find("type");
  return type != part.end() && (*type == "image" || *type == "audio");
}

// The chat format would take any.
void check_roles(const ChatJson& messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const ChatJson* const role =
        messages[i].is_object() && messages[i].contains("role") ? &messages[i]["role"] : nullptr;
    if (role == nullptr || (*role != "system" && *role != "user" && *role != "assistant" && *role != "tool"))
      throw_error<RequestError>("messages[{}]: expected a role: system, user, assistant or tool", i);
  }
}

// The path becomes one from here, and a budget the word that MediaFile takes.
void place_file(ChatJson& part, const fs::path& folder, const std::string& where) {
  const auto path = part.find("path");
  if (path == part.end() || !path->is_string() || path->get_ref<const std::string&>().empty())
    throw_error<RequestError>("{}: expected a file in \"path\"", where);
  *path = (folder / path->get<std::string>()).string();
  if (part.contains("tile") && !part["tile"].is_boolean())
    throw_error<RequestError>("{}: expected true or false in \"tile\"", where);
  const auto budget = part.find("budget");
  if (budget == part.end()) return;
  if (budget->is_number_unsigned())
    *budget = std::to_string(budget->get<uint64_t>());
  else if (!budget->is_string())
    throw_error<RequestError>("{}: expected a number of tokens or a word in \"budget\"", where);
}

void place_files(ChatJson& messages, const fs::path& folder) {
  for (size_t i = 0; i < messages.size(); ++i) {
    if (!messages[i].is_object() || !messages[i].contains("content") || !messages[i]["content"].is_array()) continue;
    ChatJson& parts = messages[i]["content"];
    for (size_t k = 0; k < parts.size(); ++k) {
      const std::string where = fmt::format("messages[{}].content[{}]", i, k);
      if (is_file_part(parts[k]))
        place_file(parts[k], folder, where);
      else if (!parts[k].is_object() || parts[k].value("type", ChatJson()) != "text")
        throw_error<RequestError>("{}: expected a part of type text, image or audio", where);
    }
  }
}

Item read_item(const ChatJson& json, const fs::path& folder) {
  if (!json.is_object()) throw RequestError("expected an object");
  Item item;
  item.id = need(json, "id", "a string", [](const ChatJson& v) { return v.is_string(); }).get<std::string>();
  item.messages =
      need(json, "messages", "a list of messages", [](const ChatJson& v) { return v.is_array() && !v.empty(); });
  item.tools = json.value("tools", ChatJson());
  if (json.contains("think"))
    item.think = need(json, "think", "true or false", [](const ChatJson& v) { return v.is_boolean(); }).get<bool>();
  item.max_tokens = need(json, "max_tokens", "a number of tokens, 1 to 65536", [](const ChatJson& v) {
                      return v.is_number_integer() && v > 0 && v <= kMaxTokens;
                    }).get<int>();
  item.expect = parse_expectation(need(json, "expect", "an object", [](const ChatJson& v) { return v.is_object(); }));
  check_roles(item.messages);
  place_files(item.messages, folder);
  // What a model cannot be asked shows before one is loaded.
  (void)text::render_chat(item.messages, item.tools, {text::ChatTemplate::Gemma4Small, item.think});
  return item;
}

void check_files(const Item& item) {
  for (const ChatJson& message : item.messages) {
    const auto content = message.find("content");
    if (content == message.end() || !content->is_array()) continue;
    for (const ChatJson& part : *content)
      if (std::error_code error; is_file_part(part) && !fs::is_regular_file(part["path"].get<std::string>(), error))
        throw_error<FormatError>("{}: {}: no such file, expected beside the set", item.where,
                                 part["path"].get<std::string>());
  }
}

std::vector<std::string> skill_names(const std::string& folder) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error) throw_error<RequestError>("{}: {}", folder, error.message());
  std::vector<std::string> names;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    if (entry->path().extension() == ".jsonl") names.push_back(entry->path().stem().string());
  if (names.empty()) throw_error<RequestError>("{}: no SKILL.jsonl in it: not a set of skills", folder);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<Item> parse_items(std::string_view bytes, const std::string& name, const std::string& folder) {
  std::vector<Item> items;
  std::unordered_set<std::string> ids;
  for (int line_number = 1; !bytes.empty(); ++line_number) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = fmt::format("{}:{}", name, line_number);
    try {
      items.push_back(read_item(text::parse_chat_json(line), folder));
    } catch (const RequestError& e) {
      throw_error<FormatError>("{}: {}", where, e.what());
    }
    items.back().where = where;
    if (!ids.insert(items.back().id).second)
      throw_error<FormatError>("{}: the id \"{}\" stands above already", where, items.back().id);
  }
  if (items.empty()) throw_error<FormatError>("{}: no line with a question", name);
  return items;
}

std::vector<Skill> read_skills(const std::string& folder, const std::vector<std::string>& only, int limit) {
  const std::vector<std::string> names = skill_names(folder);
  for (const std::string& name : only)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw_error<RequestError>("{}: there is no skill {}; there are {}", folder, name, fmt::join(names, ", "));
  std::vector<Skill> skills;
  for (const std::string& name : names) {
    if (!only.empty() && std::find(only.begin(), only.end(), name) == only.end()) continue;
    const std::string path = (fs::path(folder) / (name + ".jsonl")).string();
    skills.push_back({name, parse_items(read_file(path), path, folder)});
    auto& items = skills.back().items;
    if (limit > 0 && items.size() > static_cast<size_t>(limit)) items.resize(static_cast<size_t>(limit));
    for (const Item& item : items) check_files(item);
  }
  return skills;
}

}  // namespace facet::evaluation
