#include "runtime/generate.h"

#include <algorithm>
#include <chrono>
#include <future>

#include "base/error.h"
#include "model/config.h"
#include "runtime/backend.h"
#include "runtime/drafter.h"
#include "runtime/executor.h"
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
  options.sampling.min_p = d.min_p;
  options.sampling.typical_p = d.typical_p;
  options.sampling.repetition_penalty = d.repetition_penalty;
  options.sampling.penalty_window = d.penalty_window;
  options.sampling.suppress = d.suppress_tokens;
  options.stop_tokens = d.stop_tokens;
  return options;
}

namespace {

void check(const GenerateOptions& options, const Engine& engine) {
  runtime::check(options.sampling);
  const int n_vocab = engine.config().n_vocab;
  for (const LogitBias& b : options.sampling.bias)
    if (b.token < 0 || b.token >= n_vocab)
      throw_error<RequestError>("a bias for token {}: the vocabulary has {}", b.token, n_vocab);
  if (options.draft_tokens < -1 || options.draft_tokens > kMaxDraft)
    throw_error<RequestError>("drafts of {} tokens, expected at most {}", options.draft_tokens, kMaxDraft);
}
static_assert(kMaxDraft == kDecodeRows - 1);

// One answer under way: what has come and how it ended.
class Answer {
 public:
  Answer(Session& session, const GenerateOptions& options, const OnGenerateEvent& on_event)
      : session_(session),
        options_(options),
        on_event_(on_event),
        sampler_(options.sampling),
        detokenizer_(session.engine().tokenizer()),
        stop_(options.stop) {}

  GenerateResult run(const PromptView& prompt) {
    result_.stats.n_prompt = static_cast<int>(prompt.tokens.size());
    const auto table = prepare_table();
    try {
      result_.stats.prompt = session_.sync(prompt, {options_.progress, options_.cancel});
    } catch (const CancelledError&) {
      result_.finish = FinishReason::Cancelled;
      return std::move(result_);
    }
    result_.stats.prompt_seconds = seconds_since(start_);
    if (options_.rules) guide_.emplace(*options_.rules, session_.engine(), room_for_answer());
    start_drafting(prompt.tokens);
    for (bool goes_on = step(); goes_on;) goes_on = advance();
    if (result_.stats.n_generated > 1) result_.stats.decode_seconds = seconds_since(first_);
    flush();
    return std::move(result_);
  }

 private:
  // What a grammar needs of the vocabulary is made while the prompt is computed.
  std::future<void> prepare_table() const {
    if (!options_.rules || !options_.rules->grammar) return {};
    return std::async(std::launch::async | std::launch::deferred, [this] { session_.engine().token_table(); });
  }

  TokenId choose() {
    probability_ = 1;
    const auto forced = guide_ ? guide_->forced() : std::span<const TokenId>();
    if (!forced.empty()) {
      ++result_.stats.n_forced;
      return forced.front();
    }
    const constraint::TokenMask* allowed = guide_ ? &guide_->allowed() : nullptr;
    const TokenId token = sampler_.sample(session_.logits(), session_.tokens(), allowed);
    if (options_.confidence) probability_ = probability(session_.logits(), token, allowed);
    return token;
  }

  bool is_stop(TokenId token) const {
    const auto is_among = [token](const auto& ids) { return std::find(ids.begin(), ids.end(), token) != ids.end(); };
    return is_among(options_.stop_tokens) || (guide_ && is_among(session_.engine().defaults().stop_tokens));
  }

  // Nothing but a stop token may follow.
  bool is_complete() { return guide_ && !guide_->forced().empty() && is_stop(guide_->forced().front()); }

  // Chooses and shows a token; false: the answer has ended, and `finish` says why.
  bool step() {
    if (is_full() || is_cancelled(options_)) return end(is_full() ? FinishReason::Length : FinishReason::Cancelled);
    const TokenId token = choose();
    if (result_.stats.n_generated++ == 0) {
      result_.stats.first_token_seconds = seconds_since(start_);
      first_ = Clock::now();
    }
    if (is_stop(token)) return end_with(token);
    const bool wants_logprobs = options_.n_logprobs >= 0;
    if (wants_logprobs) result_.logprobs.push_back(logprobs(session_.logits(), token, options_.n_logprobs));
    if (options_.confidence) result_.probabilities.push_back(probability_);
    result_.tokens.push_back(token);
    if (drafter_) drafter_->push(token);
    if (guide_) guide_->take(token);
    const bool goes_on =
        emit(token, stop_.push(detokenizer_.push(token)), wants_logprobs ? &result_.logprobs.back() : nullptr);
    if (stop_.stopped() || !goes_on) return end(FinishReason::Stop);
    if (is_complete()) return end_with(guide_->forced().front());
    if (is_full() || session_.position() >= session_.context()) return end(FinishReason::Length);
    return true;
  }

  void start_drafting(std::span<const TokenId> prompt) {
    if (options_.draft == Draft::Off || options_.draft_tokens == 0 || options_.max_tokens == 0) return;
    int most = session_.context() + 1;  // the last token is not computed
    if (options_.max_tokens > 0)
      most =
          static_cast<int>(std::min<int64_t>(most, int64_t{options_.max_tokens} + static_cast<int64_t>(prompt.size())));
    drafter_.emplace(prompt, most, options_.draft_tokens, session_.engine().executor().costs());
  }

  // The last token need not be computed.
  int room_for_answer() const {
    const int room = session_.context() - session_.position() + 1;
    return options_.max_tokens >= 0 ? std::min(room, options_.max_tokens) : room;
  }

  // Tokens that may be computed behind the last one: as many as may still be chosen, less what follows them all.
  int room() const {
    int n = std::min(session_.context() - session_.position(), session_.max_bundle()) - 1;
    if (options_.max_tokens >= 0) n = std::min(n, options_.max_tokens - result_.stats.n_generated - 1);
    return std::max(0, n);
  }

  // What is computed behind the last token: what must come next, else a guess.
  std::span<const TokenId> draft() {
    if (options_.draft == Draft::Off) return {};
    if (guide_)
      if (const auto forced = guide_->forced(); !forced.empty())
        return forced.first(std::min(forced.size(), static_cast<size_t>(room())));
    if (!drafter_) return {};
    const auto guess = drafter_->draft(room(), options_.stop_tokens);
    return guide_ && !guess.empty() ? guess.first(guide_->n_allowed(guess)) : guess;
  }

  // Computes the last token, and with it what may follow; then chooses what does, for as long as it is what was
  // computed. False: the answer has ended.
  bool advance() {
    const bool is_forced = guide_ && !guide_->forced().empty();
    n_bundle_ = 0;
    bundle_[n_bundle_++] = result_.tokens.back();
    for (const TokenId t : draft()) bundle_[n_bundle_++] = t;
    n_verified_ = 0;
    goes_on_ = true;
    session_.append_while(std::span(bundle_).first(n_bundle_), [this] {
      ++n_verified_;
      goes_on_ = step();
      return goes_on_ && n_verified_ < n_bundle_ && result_.tokens.back() == bundle_[n_verified_];
    });
    if (!is_forced) {
      result_.stats.n_drafted += static_cast<int>(n_bundle_) - 1;
      result_.stats.n_accepted += static_cast<int>(n_verified_) - 1;
    }
    return goes_on_;
  }

  bool is_full() const { return options_.max_tokens >= 0 && result_.stats.n_generated >= options_.max_tokens; }

  bool end(FinishReason reason) {
    result_.finish = reason;
    return false;
  }

  bool end_with(TokenId stop) {
    result_.stop_token = stop;
    return end(FinishReason::Stop);
  }

  // What was held back. The last bytes of a broken character may complete a stop string.
  void flush() {
    std::string rest = stop_.push(detokenizer_.finish());
    if (stop_.stopped()) result_.finish = FinishReason::Stop;
    rest += stop_.finish();
    if (!rest.empty()) emit(-1, std::move(rest), nullptr);
  }

  // Whether the answer may go on.
  bool emit(TokenId token, std::string text, const Logprobs* probabilities) {
    result_.text += text;
    return !on_event_ || on_event_({token, std::move(text), probabilities, probability_});
  }

  Session& session_;
  const GenerateOptions& options_;
  const OnGenerateEvent& on_event_;
  Sampler sampler_;
  text::Detokenizer detokenizer_;
  StopStrings stop_;
  std::optional<OutputGuide> guide_;
  std::optional<Drafter> drafter_;
  // What is computed together: the last token and a draft. Rows of it that were taken, and whether the answer goes on.
  std::array<TokenId, kDecodeRows> bundle_{};
  size_t n_bundle_ = 0, n_verified_ = 0;
  bool goes_on_ = true;
  float probability_ = 1;  // of the last token
  Clock::time_point start_ = Clock::now(), first_{};
  GenerateResult result_;
};

}  // namespace

GenerateResult generate(Session& session, const PromptView& prompt, const GenerateOptions& options,
                        const OnGenerateEvent& on_event) {
  check(options, session.engine());
  return Answer(session, options, on_event).run(prompt);
}

}  // namespace facet::runtime
