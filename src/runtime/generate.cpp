#include "runtime/generate.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "runtime/stop_strings.h"
#include "text/detokenizer.h"

namespace facet::runtime {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

bool is_cancelled(const GenerateOptions& options) {
  return options.cancel != nullptr && options.cancel->load(std::memory_order_relaxed);
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
  options.sampling.suppress = d.suppress_tokens;
  options.stop_tokens = d.stop_tokens;
  return options;
}

GenerateResult generate(Session& session, std::span<const TokenId> prompt, const GenerateOptions& options,
                        const std::function<void(const GenerateEvent&)>& on_event) {
  const auto start = Clock::now();
  Sampler sampler(options.sampling);
  text::Detokenizer detokenizer(session.engine().tokenizer(), options.show_specials);
  StopStrings stop(options.stop);
  GenerateResult result;
  result.stats.n_prompt = static_cast<int>(prompt.size());
  try {
    result.stats.prompt = session.sync(prompt, {options.progress, options.cancel});
  } catch (const CancelledError&) {
    result.finish = FinishReason::Cancelled;
    return result;
  }
  result.stats.prompt_seconds = seconds_since(start);

  const auto emit = [&](TokenId token, std::string text, const Logprobs* probabilities) {
    result.text += text;
    if (on_event) on_event({token, std::move(text), probabilities});
  };
  Clock::time_point first{};
  for (;;) {
    const bool full = options.max_tokens >= 0 && result.stats.n_generated >= options.max_tokens;
    if (full || is_cancelled(options)) {
      result.finish = full ? FinishReason::Length : FinishReason::Cancelled;
      break;
    }
    const TokenId token = sampler.sample(session.logits(), session.tokens());
    if (result.stats.n_generated++ == 0) {
      result.stats.first_token_seconds = seconds_since(start);
      first = Clock::now();
    }
    if (std::find(options.stop_tokens.begin(), options.stop_tokens.end(), token) != options.stop_tokens.end()) {
      result.stop_token = token;
      break;
    }
    if (options.n_logprobs >= 0) result.logprobs.push_back(logprobs(session.logits(), token, options.n_logprobs));
    result.tokens.push_back(token);
    emit(token, stop.push(detokenizer.push(token)), options.n_logprobs >= 0 ? &result.logprobs.back() : nullptr);
    if (stop.stopped()) break;
    if (session.position() >= session.context()) {
      result.finish = FinishReason::Length;
      break;
    }
    session.append(token);
  }
  if (result.stats.n_generated > 1) result.stats.decode_seconds = seconds_since(first);
  if (const std::string rest = stop.push(detokenizer.finish()) + stop.finish(); !rest.empty())
    emit(-1, rest, nullptr);
  return result;
}

}  // namespace facet::runtime
