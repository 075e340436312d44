#include "server/messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "server/api_error.h"

namespace facet::server {
namespace {

[[noreturn]] void refuse_message(const std::string& place, const std::string& what) {
  throw ApiError(ApiError::Kind::Invalid, place + ": " + what, place);
}

std::string message_place(size_t i) { return fmt::format("messages[{}]", i); }

std::string role_of_message(const Json& message) {
  const auto role = message.find("role");
  return role != message.end() && role->is_string() ? role->get<std::string>() : std::string();
}

bool is_blank_content(const Json& message) {
  const auto content = message.find("content");
  if (content == message.end() || content->is_null()) return true;
  if (content->is_string())
    return content->get_ref<const std::string&>().find_first_not_of(" \t\r\n") == std::string::npos;
  return content->is_array() && content->empty();
}

bool has_calls(const Json& message) {
  const auto calls = message.find("tool_calls");
  return calls != message.end() && calls->is_array() && !calls->empty();
}

// What is left of an id however a client spells it.
std::string bare_id(const Json& id) {
  std::string out;
  if (!id.is_string()) return out;
  for (const char c : id.get_ref<const std::string&>())
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += c;
  return out;
}

Json arguments_object(const Json& arguments, const std::string& place) {
  if (arguments.is_null()) return Json::object();
  if (arguments.is_object()) return arguments;
  if (!arguments.is_string()) refuse_message(place, "expected an object, or one as JSON text");
  const std::string& text = arguments.get_ref<const std::string&>();
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return Json::object();
  Json parsed;
  try {
    parsed = text::parse_chat_json(text);
  } catch (const std::exception& e) {
    refuse_message(place, e.what());
  }
  if (!parsed.is_object()) refuse_message(place, "expected the JSON text of an object");
  return parsed;
}

// The calls of one message, until another one has calls.
struct OpenCall {
  std::string id, bare, name;
  bool is_answered = false;
};

class Preparer {
 public:
  explicit Preparer(const Json& messages) : messages_(messages) {}

  Json run() {
    for (size_t i = 0; i < messages_.size(); ++i) {
      if (!messages_[i].is_object()) refuse_message(message_place(i), "expected an object with a role");
      add(messages_[i], i);
    }
    return std::move(out_);
  }

 private:
  void add(Json message, size_t i) {
    std::string role = role_of_message(message);
    if (role == "developer") role = "system";
    if (role == "function") role = "tool";
    if (role != "system" && role != "user" && role != "assistant" && role != "tool")
      refuse_message(message_place(i) + ".role", role.empty()
                                                     ? "expected system, user, assistant or tool, found nothing"
                                                     : "'" + role + "' is none of system, user, assistant, tool");
    message["role"] = role;
    if (role == "tool") return add_result(std::move(message), i);
    if (role == "assistant" && has_calls(message)) return add_calls(std::move(message), i);
    out_.push_back(std::move(message));
  }

  void add_calls(Json message, size_t i) {
    open_.clear();
    for (size_t k = 0; k < message["tool_calls"].size(); ++k)
      prepare_call(message["tool_calls"][k], fmt::format("{}.tool_calls[{}]", message_place(i), k));
    if (!is_blank_content(message)) {
      Json calls = {{"role", "assistant"}, {"tool_calls", std::move(message["tool_calls"])}};
      message.erase("tool_calls");
      out_.push_back(std::move(message));
      out_.push_back(std::move(calls));
    } else {
      message.erase("content");
      out_.push_back(std::move(message));
    }
  }

  void prepare_call(Json& call, const std::string& place) {
    const bool is_call = call.is_object() && call.contains("function") && call["function"].is_object() &&
                         call["function"].contains("name") && call["function"]["name"].is_string();
    if (!is_call) refuse_message(place, "expected {\"function\": {\"name\": ..., \"arguments\": ...}}");
    Json& function = call["function"];
    const std::string name = function["name"].get<std::string>();
    function["arguments"] = arguments_object(function.value("arguments", Json()), place + ".function.arguments");
    const std::string bare = bare_id(call.value("id", Json()));
    std::string id = bare.empty() ? "" : call["id"].get<std::string>();
    while (id.empty() || !ids_.insert(id).second) id = fmt::format("call_{}", ++n_made_);
    call["id"] = id;  // which may move `function`
    open_.push_back({id, bare, name});
  }

  void add_result(Json message, size_t i) {
    OpenCall* call = find_call(message);
    if (call == nullptr)
      refuse_message(message_place(i), open_.empty() ? "a tool's result, and no call stands before it"
                                                     : "a tool's result more than there are calls before it");
    call->is_answered = true;
    message["tool_call_id"] = call->id;
    message["name"] = call->name;
    auto content = message.find("content");
    if (content == message.end() || content->is_null())
      message["content"] = "";
    else if (!content->is_string() && !content->is_array())
      message["content"] = text::chat_json_text(*content);
    insert_result(std::move(message));
  }

  OpenCall* find_call(const Json& message) {
    const auto first = [&](auto&& fits) -> OpenCall* {
      const auto found = std::ranges::find_if(open_, [&](const OpenCall& c) { return !c.is_answered && fits(c); });
      return found != open_.end() ? &*found : nullptr;
    };
    const std::string bare = bare_id(message.value("tool_call_id", Json()));
    if (!bare.empty())
      if (OpenCall* call = first([&](const OpenCall& c) { return c.bare == bare; })) return call;
    Json name = message.value("name", Json());
    if (!name.is_string()) name = message.value("tool_name", Json());
    if (name.is_string())
      if (OpenCall* call = first([&](const OpenCall& c) { return c.name == name; })) return call;
    return first([](const OpenCall&) { return true; });
  }

  // Right behind the calls and the results before it, also when a client put a message of the user between them.
  void insert_result(Json message) {
    size_t at = out_.size();
    while (at > 0 && role_of_message(out_[at - 1]) == "user") --at;
    const bool is_there = at > 0 && (role_of_message(out_[at - 1]) == "tool" || has_calls(out_[at - 1]));
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(is_there ? at : out_.size()), std::move(message));
  }

  const Json& messages_;
  Json out_ = Json::array();
  std::set<std::string> ids_;
  int n_made_ = 0;
  std::vector<OpenCall> open_;
};

void drop_thoughts(Json& messages, size_t end) {
  for (size_t i = 0; i < end; ++i)
    for (const char* key : {"reasoning", "reasoning_content"}) messages[i].erase(key);
}

}  // namespace

size_t round_begin(const Json& messages) {
  for (size_t i = messages.size(); i-- > 0;)
    if (role_of_message(messages[i]) == "user" && (i == 0 || role_of_message(messages[i - 1]) != "tool")) return i;
  return 0;
}

Json prepare_messages(const Json& messages, bool keeps_thoughts) {
  if (!messages.is_array()) refuse_message("messages", "expected a list");
  if (messages.empty()) refuse_message("messages", "expected at least one message");
  Json out = Preparer(messages).run();
  if (!keeps_thoughts) drop_thoughts(out, round_begin(out));
  return out;
}

}  // namespace facet::server
