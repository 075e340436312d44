#include "apps/asked_model.h"

#include <fmt/format.h>

#include <utility>

#include "apps/answer.h"
#include "base/error.h"
#include "base/system_memory.h"

namespace facet::apps {
namespace {

Prompt instructed_prompt(const runtime::Engine& engine, const std::string& instruction, const std::string& text) {
  const text::ChatJson messages = {{{"role", "system"}, {"content", instruction}},
                                   {{"role", "user"}, {"content", text}}};
  return chat_prompt(engine, messages, false);
}

std::shared_ptr<const runtime::Engine> with_chat_format(std::shared_ptr<const runtime::Engine> engine) {
  if (engine->chat_family() == runtime::ChatFamily::None)
    throw_error<RequestError>(
        "{}: this is a base model without a chat format, which follows no instructions; name an "
        "instruction-tuned one (-it) with -m",
        engine->path());
  return engine;
}

std::string without_outer_spaces(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

}  // namespace

EngineModel::EngineModel(std::shared_ptr<const runtime::Engine> engine, const std::atomic<bool>* cancel)
    : engine_(with_chat_format(std::move(engine))),
      session_(engine_),
      cancel_(cancel),
      n_format_tokens_(static_cast<int>(instructed_prompt(*engine_, "", "").tokens.size())) {}

Answered EngineModel::ask(const std::string& instruction, const std::string& text, const AskOptions& options) {
  const Prompt prompt = instructed_prompt(*engine_, instruction, text);
  auto generate = runtime::default_options(*engine_);
  generate.sampling.temperature = 0;
  generate.max_tokens = options.max_tokens;
  generate.cancel = cancel_;
  AnswerPrinter printer(*engine_, prompt, {}, options.print);
  const auto result = runtime::generate(session_, prompt.tokens, generate,
                                        [&](const runtime::GenerateEvent& event) { return printer.push(event); });
  const auto finish = printer.finish(result);
  ++totals_.n_asked;
  totals_.n_prompt += result.stats.n_prompt;
  totals_.n_reused += result.stats.prompt.n_reused;
  totals_.n_computed += result.stats.prompt.n_computed;
  totals_.n_generated += result.stats.n_generated;
  totals_.prompt_seconds += result.stats.prompt_seconds;
  totals_.decode_seconds += result.stats.decode_seconds;
  if (finish == runtime::FinishReason::Cancelled) throw CancelledError();
  return {without_outer_spaces(printer.content()), finish == runtime::FinishReason::Stop};
}

int EngineModel::count_tokens(std::string_view text) const {
  return static_cast<int>(engine_->tokenizer().encode(text, text::Specials::Forbid).size());
}

int EngineModel::room() const { return session_.context() - n_format_tokens_; }

std::string EngineModel::totals_line() const {
  const auto rate = [](int n, double seconds) { return seconds > 0 ? n / seconds : 0.0; };
  return fmt::format(
      "load {:.0f} ms; asked {} times: {} prompt tokens ({} reused, {} computed at {:.1f} tokens/s), {} "
      "generated at {:.1f} tokens/s; peak {:.0f} MB",
      engine_->load_seconds() * 1e3, totals_.n_asked, totals_.n_prompt, totals_.n_reused, totals_.n_computed,
      rate(totals_.n_computed, totals_.prompt_seconds), totals_.n_generated,
      rate(totals_.n_generated, totals_.decode_seconds), static_cast<double>(peak_resident_memory()) / 1e6);
}

}  // namespace facet::apps
