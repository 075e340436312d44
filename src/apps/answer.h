// From messages to prompt tokens, and from generated tokens to what is shown: chat format and its markers in between.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apps/terminal_text.h"
#include "runtime/generate.h"
#include "runtime/media_encoder.h"
#include "runtime/stop_strings.h"
#include "text/chat.h"
#include "text/output_parser.h"

namespace facet::apps {

struct Prompt {
  std::vector<runtime::TokenId> tokens;
  std::vector<runtime::MediaSpan> media;
  bool is_chat = false;
  bool starts_in_thought = false;
  std::vector<std::string> declared;  // names of the functions that may be called

  operator runtime::PromptView() const { return {tokens, media}; }  // NOLINT: a prompt's view
};

// The text itself, with <bos> in front.
Prompt raw_prompt(const runtime::Engine& engine, const std::string& text);

// Messages in the model's chat format, and the opening of its answer; media: what their contents have places for, in
// order; tools: null, or declarations of functions. RequestError when the model has no chat format, or cannot think.
Prompt chat_prompt(const runtime::Engine& engine, const text::ChatJson& messages, bool think,
                   const std::vector<runtime::Medium>& media = {}, const text::ChatJson& tools = nullptr);

// Prints an answer as it comes: content on stdout, styled if that is a terminal; reasoning dimmed on stderr; tool calls
// as JSON lines. Control tokens are never printed.
class AnswerPrinter {
 public:
  // stop: strings that end the answer where its content has them; thoughts and calls may hold them.
  AnswerPrinter(const runtime::Engine& engine, const Prompt& prompt, std::vector<std::string> stop, bool print);
  ~AnswerPrinter();  // leaves the terminal in order, also when no answer came to its end
  AnswerPrinter(const AnswerPrinter&) = delete;
  AnswerPrinter& operator=(const AnswerPrinter&) = delete;

  // For generate(): false when a stop string has come.
  bool push(const runtime::GenerateEvent& event);
  // Returns how it ended: the last text may have completed a stop string.
  runtime::FinishReason finish(const runtime::GenerateResult& result);

  const std::string& content() const noexcept { return content_; }
  const std::string& reasoning() const noexcept { return reasoning_; }
  const text::ChatJson& calls() const noexcept { return calls_; }  // of {"name", "arguments"}
  nlohmann::ordered_json json() const;  // {"text"}, or of a chat {"content", "reasoning", "tool_calls"}

 private:
  void take(const text::OutputEvents& events);
  void show_content(const std::string& text);
  void show_reasoning(const std::string& text);
  void show_call(const text::OutputEvent& call);
  void end_line();
  void end_reasoning();
  void close();

  bool print_;
  std::optional<text::OutputParser> parser_;  // of a chat
  runtime::StopStrings stop_;
  TerminalText content_style_, reasoning_style_;
  std::string content_, reasoning_;
  text::ChatJson calls_ = text::ChatJson::array();
  bool is_unsure_ = false;     // what is shown now came with a token that was unlikely
  bool line_open_ = false;     // content that ends in no line break
  bool call_is_cut_ = false;   // the limit came first
  bool in_reasoning_ = false;  // the last thing printed was reasoning
};

}  // namespace facet::apps
