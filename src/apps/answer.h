// From a question to prompt tokens, and from generated tokens to what is shown: chat format and its markers in between.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runtime/generate.h"
#include "text/detokenizer.h"

namespace facet::apps {

struct Prompt {
  std::vector<runtime::TokenId> tokens;
  bool is_chat = false;
};

// The text itself, with <bos> in front.
Prompt raw_prompt(const runtime::Engine& engine, const std::string& text);

struct Question {
  std::string system, text;
  bool think = false;
};
// One user turn in the model's chat format. RequestError when the model has none, or cannot think.
Prompt chat_prompt(const runtime::Engine& engine, const Question& question);

// Prints an answer as it comes: reasoning dimmed on a terminal, tool calls as JSON lines.
class AnswerPrinter {
 public:
  AnswerPrinter(const runtime::Engine& engine, const Prompt& prompt, bool print);

  void push(const runtime::GenerateEvent& event);
  void finish();
  nlohmann::ordered_json json() const;  // {"text"} or {"content","reasoning","tool_calls"}

 private:
  bool print_;
  std::string text_;
};

}  // namespace facet::apps
