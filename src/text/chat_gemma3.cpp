#include "text/chat_gemma3.h"

#include "base/error.h"
#include "text/chat_value.h"

namespace facet::text {
namespace {

// What stands before the first user text: the system message as it is, without trimming.
std::string system_text(const ChatJson& message) {
  const ChatJson& content = member(message, "content");
  const ChatJson& text = content.is_array() && content.size() == 1 ? member(content[0], "text") : content;
  if (!text.is_string()) throw RequestError("messages[0].content: Gemma 3 takes system instructions as one text");
  return text.get<std::string>() + "\n\n";
}

std::string_view trimmed(const ChatJson& text, size_t i) {
  if (!text.is_string()) throw_error<RequestError>("messages[{}].content: expected text", i);
  return trim(text.get_ref<const std::string&>());
}

void content(PromptBuilder& out, const ChatJson& message, size_t i) {
  const ChatJson& content = member(message, "content");
  if (!content.is_array()) return out.text(trimmed(content, i));
  for (const ChatJson& part : content) {
    if (member(part, "type") != "text")
      throw_error<RequestError>("messages[{}].content: with Gemma 3 only text parts are supported", i);
    out.text(trimmed(member(part, "text"), i));
  }
}

// After the system message: user, assistant, user, ... The template refuses anything else.
void check_role(const std::string& role, size_t i, bool users_turn) {
  if (role != "user" && role != "assistant" && role != "model")
    throw_error<RequestError>("messages[{}]: Gemma 3 has no role \"{}\"", i, role);
  if ((role == "user") != users_turn)
    throw_error<RequestError>("messages[{}]: with Gemma 3 the roles user and assistant must alternate; found {}", i,
                              role);
}

}  // namespace

Prompt render_gemma3(const ChatJson& messages, const ChatJson& tools, const ChatOptions& options) {
  if (tools.is_array() && !tools.empty()) throw RequestError("tools: Gemma 3 has no format for tools");
  if (options.enable_thinking) throw RequestError("Gemma 3 does not think: leave thinking off");
  PromptBuilder out;
  out.control("<bos>");
  std::string system;
  size_t first = 0;
  if (!messages.empty() && role_of(messages[0]) == "system") {
    system = system_text(messages[0]);
    first = 1;
  }
  for (size_t i = first; i < messages.size(); ++i) {
    const bool users_turn = (i - first) % 2 == 0;
    check_role(role_of(messages[i]), i, users_turn);
    out.control("<start_of_turn>");
    out.text(users_turn ? "user\n" : "model\n");
    out.text(std::exchange(system, {}));
    content(out, messages[i], i);
    out.control("<end_of_turn>");
    out.text("\n");
  }
  if (options.add_generation_prompt) {
    out.control("<start_of_turn>");
    out.text("model\n");
  }
  return out.take();
}

}  // namespace facet::text
