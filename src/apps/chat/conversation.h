// What was said so far, as data: kept, taken back, saved and loaded. Knows neither a model nor a terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace facet::apps::chat {

class Conversation {
 public:
  using Json = nlohmann::ordered_json;

  std::string system;  // instructions; empty: none
  bool think = false;

  // files: what is shown before the text, [{"type": image | audio | video, "path", "budget"}].
  void add_user(std::string text, const Json& files = Json::array());
  // calls: of functions, [{"name", "arguments"}]; each is to be followed by its result.
  void add_answer(std::string content, std::string reasoning, const Json& calls = Json::array());
  // Of the first call that has none yet.
  void add_result(std::string text);
  // Takes back the last user message and all that followed; false when there is none.
  bool undo();
  // Takes back what followed the last user message, so that it can be answered again; false when there is none.
  bool undo_answer();
  void clear() { messages_ = Json::array(); }

  bool empty() const noexcept { return messages_.empty(); }
  int n_messages() const noexcept { return static_cast<int>(messages_.size()); }
  // System instructions first, then what was said: [{"role", "content", "reasoning", "tool_calls", "tool_call_id"}].
  Json messages() const;

  // {"facet_chat": 1, "think", "messages"}, indented for people.
  std::string to_text() const;
  // The same, or a bare list of messages. Throws FormatError naming `source`.
  static Conversation from_text(std::string_view text, std::string_view source);

 private:
  size_t last_user() const noexcept;  // its index; messages_.size() when there is none

  Json messages_ = Json::array();
  std::vector<std::string> open_calls_;  // ids of calls without a result
  int n_calls_ = 0;
};

}  // namespace facet::apps::chat
