#include "apps/answer.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/error.h"

namespace facet::apps {

Prompt raw_prompt(const runtime::Engine& engine, const std::string& text) {
  Prompt prompt{engine.tokenizer().encode(text, text::Specials::Forbid), false};
  if (engine.tokenizer().bos()) prompt.tokens.insert(prompt.tokens.begin(), *engine.tokenizer().bos());
  return prompt;
}

Prompt chat_prompt(const runtime::Engine& engine, const Question& question) {
  if (engine.chat_family() == runtime::ChatFamily::None) return raw_prompt(engine, question.text);
  return raw_prompt(engine, question.text);
}

AnswerPrinter::AnswerPrinter(const runtime::Engine&, const Prompt&, bool print) : print_(print) {}

void AnswerPrinter::push(const runtime::GenerateEvent& event) {
  text_ += event.text;
  if (!print_) return;
  fmt::print("{}", event.text);
  std::fflush(stdout);
}

void AnswerPrinter::finish() {
  if (print_ && !text_.empty()) fmt::print("\n");
}

nlohmann::ordered_json AnswerPrinter::json() const { return {{"text", text_}}; }

}  // namespace facet::apps
