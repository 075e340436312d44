// Chats as data and the prompt they become. The renderer writes what the official templates of 2026-07-09 write, byte
// for byte, but as items instead of one string: control tokens come from the renderer alone, so nothing that a user, a
// document or a tool says can ever become one. No template engine.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace facet::text {

using ChatJson = nlohmann::ordered_json;

enum class ChatTemplate : uint8_t {
  Gemma4Large,  // 12B, 26B-A4B, 31B: an empty thought opens an answer without thinking
  Gemma4Small,  // E2B, E4B
  Gemma3,       // <start_of_turn>, tools in JSON, no thinking
};

struct ChatOptions {
  ChatTemplate format = ChatTemplate::Gemma4Large;
  bool enable_thinking = false;
  bool add_generation_prompt = true;
  bool preserve_thinking = false;
};

struct PromptItem {
  enum class Kind : uint8_t {
    Control,  // `text` is a control token's name
    Text,     // plain text, never scanned for control tokens
    Image,
    Audio,
    Video,
  };
  Kind kind;
  std::string text;
};
using Prompt = std::vector<PromptItem>;

// "<|image|>", "<|audio|>" or "<|video|>".
std::string_view placeholder(PromptItem::Kind kind) noexcept;

// messages: a list of {role, content, reasoning | reasoning_content, tool_calls, tool_responses, tool_call_id, name};
// content is a string, null, or a list of {type: text | image | image_url | audio | input_audio | video, text}.
// tools: null or a list of {type: function, function: {name, description, parameters, response}}.
// Throws RequestError naming the place in the messages, for what the templates refuse too.
Prompt render_chat(const ChatJson& messages, const ChatJson& tools, const ChatOptions& options);

// Parses JSON text with bounded nesting; integers of any size keep their digits.
ChatJson parse_chat_json(std::string_view text);
// JSON text of such a value, without white space, numbers in all their digits: what a client gets as a call's
// arguments.
std::string chat_json_text(const ChatJson& value);

// The prompt as the templates spell it, control tokens and placeholders by name.
std::string to_text(const Prompt& prompt);

// How many soft tokens a medium takes: one entry, or one a frame with its "mm:ss" for video.
struct MediaSize {
  struct Frame {
    std::string time;  // video only
    int n_soft = 0;
  };
  std::vector<Frame> frames;
};

// Token ids: neighbouring texts are encoded together, without specials; media are expanded in order. Throws
// RequestError when their numbers differ, or the tokenizer lacks a control token.
std::vector<TokenId> to_tokens(const Prompt& prompt, const Tokenizer& tokenizer,
                               const std::vector<MediaSize>& media = {});

// Whether generation starts inside a thought: a channel is open at the end of the prompt.
bool ends_in_thought(const Prompt& prompt);

}  // namespace facet::text
