// Messages -> prompt, in the order and with the conditions of the official templates.
#include <algorithm>

#include "base/error.h"
#include "text/chat_calls.h"
#include "text/chat_gemma3.h"
#include "text/chat_tools.h"

namespace facet::text {
namespace {

using Kind = PromptItem::Kind;

// Model text without its thoughts: of each part before a closing marker, what stands before its first opening one.
std::string strip_thoughts(std::string_view text) {
  constexpr std::string_view kOpen = "<|channel>", kClose = "<channel|>";
  std::string out;
  for (;;) {
    const size_t close = text.find(kClose);
    const std::string_view part = text.substr(0, close);
    out += part.substr(0, part.find(kOpen));
    if (close == std::string_view::npos) break;
    text.remove_prefix(close + kClose.size());
  }
  return std::string(trim(out));
}

std::optional<Kind> media_kind(const ChatJson& part) {
  const ChatJson& type = member(part, "type");
  if (type == "image" || type == "image_url") return Kind::Image;
  if (type == "audio" || type == "input_audio") return Kind::Audio;
  if (type == "video") return Kind::Video;
  return {};
}

class Renderer {
 public:
  Renderer(const ChatJson& messages, const ChatJson& tools, const ChatOptions& options)
      : messages_(messages), tools_(tools), options_(options) {}

  Prompt render() {
    out_.control("<bos>");
    const size_t first = system_turn() ? 1 : 0;
    for (size_t i = first; i < messages_.size(); ++i)
      if (role_of(messages_[i]) == "user") last_user_ = i;
    for (size_t i = first; i < messages_.size(); ++i)
      if (role_of(messages_[i]) != "tool") message(i);
    if (options_.add_generation_prompt) opening();
    return out_.take();
  }

 private:
  enum class Last { Nothing, Call, Response };

  std::string where(size_t i) const { return fmt::format("messages[{}]", i); }

  // Returns whether the first message was consumed.
  bool system_turn() {
    const bool has_system =
        !messages_.empty() && (role_of(messages_[0]) == "system" || role_of(messages_[0]) == "developer");
    const bool has_tools = tools_.is_array() && !tools_.empty();
    if (!options_.enable_thinking && !has_tools && !has_system) return false;
    out_.control("<|turn>");
    out_.text("system\n");
    if (options_.enable_thinking) {
      out_.control("<|think|>");
      out_.text("\n");
    }
    if (has_system) system_text(messages_[0]);
    if (has_tools)
      for (size_t i = 0; i < tools_.size(); ++i) render_tool(out_, tools_[i], fmt::format("tools[{}]", i));
    out_.control("<turn|>");
    out_.text("\n");
    return has_system;
  }

  void system_text(const ChatJson& message) {
    const ChatJson& content = member(message, "content");
    if (content.is_null()) return;
    if (content.is_string()) return out_.text(trim(content.get_ref<const std::string&>()));
    if (!content.is_array()) throw_error<RequestError>("{}.content: expected text or a list of parts", where(0));
    for (const ChatJson& part : content) {
      if (!part.is_object() || !member(part, "text").is_string())
        throw_error<RequestError>("{}.content: a system message holds text parts only", where(0));
      out_.text(std::string(trim(part["text"].get_ref<const std::string&>())) + " ");
    }
  }

  void message(size_t i) {
    const ChatJson& m = messages_[i];
    const std::string role = role_of(m), shown = role == "assistant" ? "model" : role;
    const bool is_model = shown == "model";
    last_ = Last::Nothing;
    if (!(is_model && previous_ == "assistant")) {
      out_.control("<|turn>");
      out_.text(shown + "\n");
    }
    thought(m, i);
    const bool has_calls = calls(m, i);
    const bool answered = responses(m, i, has_calls);
    const bool blank = !content(m, i, is_model);
    close(i, is_model, has_calls, answered, blank);
    previous_ = role;
  }

  void thought(const ChatJson& m, size_t i) {
    const ChatJson* reasoning = nullptr;
    for (const char* key : {"reasoning", "reasoning_content"})
      if (const ChatJson& r = member(m, key); reasoning == nullptr && !r.is_null() && r != "") reasoning = &r;
    if (reasoning == nullptr) return;
    if (!reasoning->is_string()) throw_error<RequestError>("{}: reasoning must be text", where(i));
    const bool after_user = !last_user_ || i > *last_user_;
    const bool kept = options_.preserve_thinking && member(m, "tool_calls").is_array() && !m["tool_calls"].empty();
    if (!after_user && !kept) return;
    out_.control("<|channel>");
    out_.text("thought\n" + reasoning->get<std::string>() + "\n");
    out_.control("<channel|>");
  }

  bool calls(const ChatJson& m, size_t i) {
    const ChatJson& list = member(m, "tool_calls");
    if (list.is_null() || (list.is_array() && list.empty())) return false;
    if (!list.is_array()) throw_error<RequestError>("{}.tool_calls: expected a list", where(i));
    for (size_t k = 0; k < list.size(); ++k) call(list[k], fmt::format("{}.tool_calls[{}]", where(i), k));
    last_ = Last::Call;
    return true;
  }

  void call(const ChatJson& call, const std::string& at) {
    const ChatJson& function = called_function(call, at);
    out_.control("<|tool_call>");
    out_.text("call:" + function["name"].get<std::string>() + "{");
    if (function["arguments"].is_object()) out_.pairs(function["arguments"], false);
    out_.text("}");
    out_.control("<tool_call|>");
  }

  // The message's own responses, or the tool messages that follow it.
  bool responses(const ChatJson& m, size_t i, bool has_calls) {
    const ChatJson& own = member(m, "tool_responses");
    if (own.is_array() && !own.empty()) {
      for (const ChatJson& r : own) {
        if (!r.is_object()) throw_error<RequestError>("{}.tool_responses: expected objects", where(i));
        response(name_or_unknown(r), member(r, "response"));
      }
      last_ = Last::Response;
      return true;
    }
    if (!has_calls) return false;
    bool any = false;
    for (size_t k = i + 1; k < messages_.size() && role_of(messages_[k]) == "tool"; ++k, any = true)
      tool_message(m, messages_[k], k);
    if (any) last_ = Last::Response;
    return any;
  }

  void tool_message(const ChatJson& caller, const ChatJson& tool, size_t i) {
    const std::string name = answered_function(caller, tool);
    const ChatJson& content = member(tool, "content");
    if (content.is_object())
      throw_error<RequestError>("{}.content: a tool's result must be text; put objects into JSON text", where(i));
    if (!content.is_array()) return response(name, content);
    std::string text;
    for (const ChatJson& part : content)
      if (part.is_object() && member(part, "type") == "text" && member(part, "text").is_string())
        text += part["text"].get<std::string>();
    response(name, text);
    for (const ChatJson& part : content)
      if (const auto kind = part.is_object() ? media_kind(part) : std::nullopt) out_.media(*kind);
  }

  void response(const std::string& name, const ChatJson& result) {
    out_.control("<|tool_response>");
    out_.text("response:" + name + "{");
    if (result.is_object()) {
      out_.pairs(result, false);
    } else {
      out_.text("value:");
      out_.value(result, false);
    }
    out_.text("}");
    out_.control("<tool_response|>");
  }

  // Returns whether anything was written.
  bool content(const ChatJson& m, size_t i, bool is_model) {
    const ChatJson& content = member(m, "content");
    const auto clean = [&](const std::string& text) {
      return is_model ? strip_thoughts(text) : std::string(trim(text));
    };
    if (content.is_null()) return false;
    if (content.is_string()) {
      const std::string text = clean(content.get_ref<const std::string&>());
      out_.text(text);
      return !text.empty();
    }
    if (!content.is_array()) throw_error<RequestError>("{}.content: expected text or a list of parts", where(i));
    bool any = false;
    for (const ChatJson& part : content) {
      if (!part.is_object() || !member(part, "type").is_string())
        throw_error<RequestError>("{}.content: a part needs a type", where(i));
      if (part["type"] == "text") {
        if (!member(part, "text").is_string())
          throw_error<RequestError>("{}.content: a text part needs a text", where(i));
        const std::string text = clean(part["text"].get_ref<const std::string&>());
        out_.text(text);
        any = any || !text.empty();
      } else if (const auto kind = media_kind(part)) {
        out_.media(*kind);
        any = true;
      }
    }
    return any;
  }

  void close(size_t i, bool is_model, bool has_calls, bool answered, bool blank) {
    std::string next;
    for (size_t k = i + 1; next.empty() && k < messages_.size(); ++k)
      if (role_of(messages_[k]) != "tool") next = role_of(messages_[k]);
    if (last_ == Last::Call) return out_.control("<|tool_response>");
    if (is_model && next == "assistant" && (!has_calls || answered)) return;
    if (answered && blank && next.empty()) return;
    out_.control("<turn|>");
    out_.text("\n");
  }

  void opening() {
    if (last_ == Last::Call) return;
    if (last_ == Last::Response) {
      if (!options_.enable_thinking) return;
      out_.control("<|channel>");
      return out_.text("thought\n");
    }
    out_.control("<|turn>");
    out_.text("model\n");
    if (options_.enable_thinking || options_.format == ChatTemplate::Gemma4Small) return;
    out_.control("<|channel>");
    out_.text("thought\n");
    out_.control("<channel|>");
  }

  const ChatJson& messages_;
  const ChatJson& tools_;
  const ChatOptions& options_;
  PromptBuilder out_;
  std::optional<size_t> last_user_;
  std::string previous_;
  Last last_ = Last::Nothing;
};

void check_messages(const ChatJson& messages) {
  if (!messages.is_array()) throw RequestError("messages: expected a list");
  for (size_t i = 0; i < messages.size(); ++i)
    if (!messages[i].is_object() || !member(messages[i], "role").is_string())
      throw_error<RequestError>("messages[{}]: expected an object with a role", i);
}

}  // namespace

Prompt render_chat(const ChatJson& messages, const ChatJson& tools, const ChatOptions& options) {
  check_messages(messages);
  if (!tools.is_null() && !tools.is_array()) throw RequestError("tools: expected a list");
  if (options.format == ChatTemplate::Gemma3) return render_gemma3(messages, tools, options);
  return Renderer(messages, tools, options).render();
}

}  // namespace facet::text
