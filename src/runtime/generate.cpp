#include "runtime/generate.h"

#include <future>
#include <random>

#include "base/error.h"
#include "runtime/generation.h"

namespace facet::runtime {
namespace {

// What a grammar needs of the vocabulary is made while the prompt is computed.
std::future<void> prepare_table(const Engine& engine, const GenerateOptions& options) {
  if (!options.rules || !options.rules->grammar) return {};
  return std::async(std::launch::async | std::launch::deferred, [&engine] { engine.token_table(); });
}

GenerateResult cancelled_in_prompt(const PromptView& prompt) {
  GenerateResult result;
  result.finish = FinishReason::Cancelled;
  result.stats.n_prompt = static_cast<int>(prompt.tokens.size());
  return result;
}

}  // namespace

std::string_view finish_reason_name(FinishReason reason) noexcept {
  switch (reason) {
    case FinishReason::Stop:
      return "stop";
    case FinishReason::Length:
      return "length";
    case FinishReason::Cancelled:
      return "cancelled";
  }
  return "stop";
}

GenerateOptions default_options(const Engine& engine) {
  const GenerationDefaults& d = engine.defaults();
  GenerateOptions options;
  options.sampling.temperature = d.sample ? d.temperature : 0;
  options.sampling.top_k = d.top_k;
  options.sampling.top_p = d.top_p;
  options.sampling.min_p = d.min_p;
  options.sampling.typical_p = d.typical_p;
  options.sampling.repetition_penalty = d.repetition_penalty;
  options.sampling.penalty_window = d.penalty_window;
  options.sampling.suppress = d.suppress_tokens;
  options.stop_tokens = d.stop_tokens;
  return options;
}

GenerateOptions changed_options(const Engine& engine, const SamplingChanges& changes) {
  GenerateOptions options = default_options(engine);
  SamplingParams& p = options.sampling;
  const auto set = [](auto& target, const auto& value) {
    if (value) target = *value;
  };
  set(p.temperature, changes.temperature);
  set(p.top_k, changes.top_k);
  set(p.top_p, changes.top_p);
  set(p.min_p, changes.min_p);
  set(p.typical_p, changes.typical_p);
  set(p.repetition_penalty, changes.repetition_penalty);
  set(p.presence_penalty, changes.presence_penalty);
  set(p.frequency_penalty, changes.frequency_penalty);
  set(p.penalty_window, changes.penalty_window);
  p.seed = changes.seed ? *changes.seed : (uint64_t{std::random_device{}()} << 32 | std::random_device{}());
  return options;
}

GenerateResult generate(Session& session, const PromptView& prompt, const GenerateOptions& options,
                        const OnGenerateEvent& on_event) {
  check(options, session.engine());
  const auto start = Generation::Clock::now();
  const auto table = prepare_table(session.engine(), options);
  SyncResult synced;
  try {
    synced = session.sync(prompt, {options.progress, options.cancel});
  } catch (const CancelledError&) {
    return cancelled_in_prompt(prompt);
  }
  Generation answer(session, synced, options, on_event, start);
  answer.take();
  while (!answer.is_finished()) session.append_while(answer.wanted(), [&answer] { return answer.take(); });
  return answer.finish();
}

}  // namespace facet::runtime
