#include "text/chat_gemma3.h"

#include <utility>

#include "base/error.h"
#include "text/chat_calls.h"

namespace facet::text {
namespace {

constexpr std::string_view kDeclarations =
    "You can call functions. They are declared here, their parameters as JSON Schema:\n";
constexpr std::string_view kHowToCall =
    "\nTo call one, answer with its JSON and nothing else: {\"name\":\"...\",\"parameters\":{...}}. "
    "Several calls make a list: [{...},{...}]. Where no function is of use, answer in words.\n\n";
constexpr std::string_view kResults = "Results of the calls:\n";

// What stands before the first user text: the system message as it is, without trimming.
std::string system_text(const ChatJson& message) {
  const ChatJson& content = member(message, "content");
  const ChatJson& text = content.is_array() && content.size() == 1 ? member(content[0], "text") : content;
  if (!text.is_string()) throw RequestError("messages[0].content: Gemma 3 takes system instructions as one text");
  return text.get<std::string>() + "\n\n";
}

std::string declarations(const ChatJson& tools) {
  ChatJson functions = ChatJson::array();
  for (size_t i = 0; i < tools.size(); ++i) {
    const ChatJson& function = member(tools[i], "function");
    if (!member(function, "name").is_string())
      throw_error<RequestError>("tools[{}]: expected {{\"type\": \"function\", \"function\": {{\"name\": ...}}}}", i);
    ChatJson shown = ChatJson::object();
    for (const char* key : {"name", "description", "parameters"})
      if (const ChatJson& value = member(function, key); !value.is_null()) shown[key] = value;
    functions.push_back(std::move(shown));
  }
  if (functions.empty()) return {};
  return std::string(kDeclarations) + chat_json_text(functions) + std::string(kHowToCall);
}

// One as it is, several as a list.
std::string one_or_list(const ChatJson& list) { return chat_json_text(list.size() == 1 ? list[0] : list); }

class Gemma3Renderer {
 public:
  Gemma3Renderer(const ChatJson& messages, const ChatJson& tools) : messages_(messages), tools_(tools) {}

  Prompt render(bool add_generation_prompt) {
    out_.control("<bos>");
    const size_t first = !messages_.empty() && role_of(messages_[0]) == "system" ? 1 : 0;
    if (first == 1) opening_ = system_text(messages_[0]);
    if (tools_.is_array()) opening_ += declarations(tools_);
    for (size_t i = first; i < messages_.size(); ++i) message(i);
    close();
    if (add_generation_prompt) open(Turn::Model);
    return out_.take();
  }

 private:
  enum class Turn { None, User, Model };

  void open(Turn turn) {
    close();
    out_.control("<start_of_turn>");
    out_.text(turn == Turn::User ? "user\n" : "model\n");
    if (turn == Turn::User) out_.text(std::exchange(opening_, {}));
    turn_ = turn;
  }

  void close() {
    if (turn_ == Turn::None) return;
    if (!results_.empty()) out_.text(take_results());
    out_.control("<end_of_turn>");
    out_.text("\n");
    turn_ = Turn::None;
  }

  std::string take_results() { return std::string(kResults) + one_or_list(std::exchange(results_, ChatJson::array())); }

  // After the system message: user, assistant, user, ... The template refuses anything else. Results of calls are the
  // user's, alone or before what the user says.
  void message(size_t i) {
    const std::string& role = role_of(messages_[i]);
    if (role == "tool") return result(i);
    if (role != "user" && role != "assistant" && role != "model")
      throw_error<RequestError>("messages[{}]: Gemma 3 has no role \"{}\"", i, role);
    const bool is_user = role == "user", has_results = !results_.empty();
    const bool fits = is_user ? turn_ != Turn::User || has_results : turn_ == Turn::User;
    if (!fits)
      throw_error<RequestError>("messages[{}]: with Gemma 3 the roles user and assistant must alternate; found {}", i,
                                role);
    if (is_user && has_results)
      out_.text(take_results() + "\n\n");
    else
      open(is_user ? Turn::User : Turn::Model);
    caller_ = nullptr;
    const bool has_calls = !is_user && !member(messages_[i], "tool_calls").empty();
    content(i, has_calls);
    if (has_calls) calls(i);
  }

  void content(size_t i, bool has_calls) {
    const ChatJson& content = member(messages_[i], "content");
    if (has_calls && content.is_null()) return;
    std::string text;
    if (content.is_array())
      for (const ChatJson& part : content) text += trim(text_of(part, i));
    else if (content.is_string())
      text = trim(content.get_ref<const std::string&>());
    else
      throw_error<RequestError>("messages[{}].content: expected text", i);
    if (has_calls && !text.empty()) text += '\n';
    out_.text(text);
  }

  static const std::string& text_of(const ChatJson& part, size_t i) {
    if (member(part, "type") != "text" || !member(part, "text").is_string())
      throw_error<RequestError>("messages[{}].content: with Gemma 3 only text parts are supported", i);
    return part["text"].get_ref<const std::string&>();
  }

  void calls(size_t i) {
    const ChatJson& list = messages_[i]["tool_calls"];
    if (!list.is_array()) throw_error<RequestError>("messages[{}].tool_calls: expected a list", i);
    ChatJson calls = ChatJson::array();
    for (size_t k = 0; k < list.size(); ++k) {
      const ChatJson& function = called_function(list[k], fmt::format("messages[{}].tool_calls[{}]", i, k));
      const ChatJson& arguments = function["arguments"];
      calls.push_back(
          {{"name", function["name"]}, {"parameters", arguments.is_null() ? ChatJson::object() : arguments}});
    }
    out_.text(one_or_list(calls));
    caller_ = &messages_[i];
  }

  void result(size_t i) {
    if (caller_ == nullptr)
      throw_error<RequestError>("messages[{}]: a tool's result must follow the calls that it answers", i);
    const ChatJson& tool = messages_[i];
    const ChatJson& content = member(tool, "content");
    if (content.is_object())
      throw_error<RequestError>("messages[{}].content: a tool's result must be text; put objects into JSON text", i);
    ChatJson shown = content;
    if (content.is_array()) {
      shown = "";
      for (const ChatJson& part : content) shown.get_ref<std::string&>() += text_of(part, i);
    }
    if (results_.empty()) open(Turn::User);
    results_.push_back({{"name", answered_function(*caller_, tool)}, {"result", std::move(shown)}});
  }

  const ChatJson& messages_;
  const ChatJson& tools_;
  PromptBuilder out_;
  std::string opening_;  // of the first user turn
  Turn turn_ = Turn::None;
  const ChatJson* caller_ = nullptr;  // the message whose calls may be answered now
  ChatJson results_ = ChatJson::array();
};

}  // namespace

Prompt render_gemma3(const ChatJson& messages, const ChatJson& tools, const ChatOptions& options) {
  if (options.enable_thinking) throw RequestError("Gemma 3 does not think: leave thinking off");
  return Gemma3Renderer(messages, tools).render(options.add_generation_prompt);
}

}  // namespace facet::text
