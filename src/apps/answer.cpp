#include "apps/answer.h"

#include <fmt/format.h>

#include <cstdio>

#include "apps/terminal.h"
#include "base/error.h"
#include "runtime/chat_format.h"

namespace facet::apps {

Prompt raw_prompt(const runtime::Engine& engine, const std::string& text) {
  Prompt prompt;
  prompt.tokens = engine.tokenizer().encode(text, text::Specials::Forbid);
  if (engine.tokenizer().bos()) prompt.tokens.insert(prompt.tokens.begin(), *engine.tokenizer().bos());
  return prompt;
}

Prompt chat_prompt(const runtime::Engine& engine, const text::ChatJson& messages, bool think,
                   const std::vector<runtime::Medium>& media, const text::ChatJson& tools) {
  const auto format = runtime::chat_format(engine.chat_family());
  if (!format)
    throw_error<RequestError>("{}: this is a base model without a chat format; `facet run --raw` continues a text",
                              engine.path());
  text::ChatOptions options;
  options.format = *format;
  options.enable_thinking = think;
  if (think && options.format == text::ChatTemplate::Gemma3)
    throw_error<RequestError>("{}: Gemma 3 models were not trained to think", engine.path());
  const text::Prompt rendered = text::render_chat(messages, tools, options);
  runtime::MediaPrompt prompt = runtime::assemble(rendered, engine.tokenizer(), media);
  Prompt out{std::move(prompt.tokens), std::move(prompt.media), true, text::ends_in_thought(rendered), {}};
  for (const text::ChatJson& tool : tools) out.declared.push_back(tool["function"]["name"].get<std::string>());
  return out;
}

AnswerPrinter::AnswerPrinter(const runtime::Engine& engine, const Prompt& prompt, std::vector<std::string> stop,
                             bool print)
    : print_(print), stop_(std::move(stop)), content_style_(use_colour()), reasoning_style_(false) {
  if (!prompt.is_chat) return;
  text::OutputParserOptions options;
  options.starts_in_thought = prompt.starts_in_thought;
  options.declared = prompt.declared;
  parser_.emplace(engine.tokenizer(), options);
}

AnswerPrinter::~AnswerPrinter() {
  try {
    close();
  } catch (const std::exception&) {  // an output that takes nothing: whoever prints next will say so
  }
}

bool AnswerPrinter::push(const runtime::GenerateEvent& event) {
  constexpr float kUnsure = 0.5f;
  is_unsure_ = event.probability < kUnsure;
  if (!parser_)
    show_content(stop_.push(event.text));
  else if (event.token >= 0)
    take(parser_->push(event.token));
  return !stop_.stopped();
}

runtime::FinishReason AnswerPrinter::finish(const runtime::GenerateResult& result) {
  const bool is_stopped = result.finish == runtime::FinishReason::Stop && !stop_.stopped();
  if (parser_) {
    if (result.stop_token) take(parser_->push(*result.stop_token));
    const size_t n_whole = calls_.size() + (parser_->in_call() && !is_stopped ? 1 : 0);
    take(parser_->finish(is_stopped ? text::OutputEnd::Stopped : text::OutputEnd::Cut));
    call_is_cut_ = calls_.size() < n_whole;
  }
  show_content(stop_.finish());
  close();
  if (call_is_cut_ && print_)
    fmt::print(stderr, "facet: a call was not finished and is left out: the answer ended at {} tokens\n",
               result.tokens.size());
  return stop_.stopped() ? runtime::FinishReason::Stop : result.finish;
}

// The colour and the line.
void AnswerPrinter::close() {
  end_reasoning();
  if (!print_) return;
  if (stdout_is_terminal()) fmt::print("{}", content_style_.finish());
  end_line();
  std::fflush(stdout);
}

void AnswerPrinter::take(const text::OutputEvents& events) {
  for (const text::OutputEvent& event : events) {
    if (stop_.stopped()) return;
    if (event.kind == text::OutputEvent::Kind::Content)
      show_content(stop_.push(event.text));
    else if (event.kind == text::OutputEvent::Kind::Reasoning)
      show_reasoning(event.text);
    else
      show_call(event);
  }
}

// Only a terminal is protected and styled; a file or a pipe gets the very bytes.
void AnswerPrinter::show_content(const std::string& text) {
  if (text.empty()) return;
  end_reasoning();
  content_ += text;
  line_open_ = !text.ends_with('\n');
  if (!print_) return;
  const bool is_marked = is_unsure_ && use_colour();
  if (is_marked) fmt::print("\x1b[4m");
  fmt::print("{}", stdout_is_terminal() ? content_style_.push(text) : text);
  if (is_marked) fmt::print("\x1b[24m");
  std::fflush(stdout);
}

void AnswerPrinter::show_reasoning(const std::string& text) {
  if (text.empty()) return;
  reasoning_ += text;
  in_reasoning_ = true;
  if (!print_) return;
  if (!stderr_is_terminal())
    fmt::print(stderr, "{}", text);
  else if (use_stderr_colour())
    fmt::print(stderr, "\x1b[2m{}\x1b[0m", reasoning_style_.push(text));
  else
    fmt::print(stderr, "{}", reasoning_style_.push(text));
}

void AnswerPrinter::show_call(const text::OutputEvent& call) {
  end_reasoning();
  calls_.push_back({{"name", call.text}, {"arguments", call.arguments}});
  if (!print_) return;
  end_line();
  fmt::print("{}\n", text::chat_json_text(calls_.back()));
}

void AnswerPrinter::end_line() {
  if (std::exchange(line_open_, false)) fmt::print("\n");
}

void AnswerPrinter::end_reasoning() {
  if (std::exchange(in_reasoning_, false) && print_) fmt::print(stderr, "\n\n");
}

nlohmann::ordered_json AnswerPrinter::json() const {
  if (!parser_) return {{"text", content_}};
  return {{"content", content_}, {"reasoning", reasoning_}, {"tool_calls", calls_}};
}

}  // namespace facet::apps
