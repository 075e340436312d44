#include "apps/eval/skill_model.h"

#include <utility>

#include "apps/answer.h"
#include "base/error.h"
#include "runtime/encoders.h"

namespace facet::apps::eval {
SkillModel::SkillModel(std::shared_ptr<const runtime::Engine> engine, const std::atomic<bool>* cancel)
    : engine_(std::move(engine)), session_(engine_), files_(engine_, cancel, false), cancel_(cancel) {}

std::optional<std::string> SkillModel::why_not(const evaluation::Item& item) const {
  if (has_part(item, "image") && !engine_->encoders().vision_config) return "the model cannot see";
  if (has_part(item, "audio") && !engine_->encoders().audio_config) return "the model cannot hear";
  return {};
}

evaluation::Answer SkillModel::answer(const evaluation::Item& item) {
  try {
    return generate(item);
  } catch (const RequestError& e) {
    throw_error<FormatError>("{}: {}", item.where, e.what());
  } catch (const FormatError& e) {
    throw_error<FormatError>("{}: {}", item.where, e.what());
  }
}

evaluation::Answer SkillModel::generate(const evaluation::Item& item) {
  const auto shown = files_.show(item.messages);
  const Prompt prompt = chat_prompt(*engine_, shown.messages, item.think, shown.media, item.tools);
  auto options = runtime::default_options(*engine_);
  options.sampling.temperature = 0;
  options.max_tokens = item.max_tokens;
  options.cancel = cancel_;
  AnswerPrinter printer(*engine_, prompt, {}, false);
  const auto result = runtime::generate(session_, prompt, options,
                                        [&](const runtime::GenerateEvent& event) { return printer.push(event); });
  if (printer.finish(result) == runtime::FinishReason::Cancelled) throw CancelledError();
  files_.forget();
  return {printer.content(), printer.calls()};
}

}  // namespace facet::apps::eval
