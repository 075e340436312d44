#include "runtime/generation.h"

#include <algorithm>

#include "base/error.h"
#include "model/config.h"
#include "runtime/executor.h"

namespace facet::runtime {
namespace {

double seconds_since(Generation::Clock::time_point start) {
  return std::chrono::duration<double>(Generation::Clock::now() - start).count();
}

}  // namespace

static_assert(kMaxDraft == kDecodeRows - 1);

void check(const GenerateOptions& options, const Engine& engine) {
  check(options.sampling);
  const int n_vocab = engine.config().n_vocab;
  for (const LogitBias& b : options.sampling.bias)
    if (b.token < 0 || b.token >= n_vocab)
      throw_error<RequestError>("a bias for token {}: the vocabulary has {}", b.token, n_vocab);
  if (options.draft_tokens < -1 || options.draft_tokens > kMaxDraft)
    throw_error<RequestError>("drafts of {} tokens, expected at most {}", options.draft_tokens, kMaxDraft);
}

Generation::Generation(Session& session, const SyncResult& prompt, const GenerateOptions& options,
                       OnGenerateEvent on_event, Clock::time_point start, std::shared_ptr<SamplerTables> tables)
    : session_(session),
      options_(options),
      on_event_(std::move(on_event)),
      sampler_(options.sampling, std::move(tables)),
      detokenizer_(session.engine().tokenizer()),
      stop_(options.stop),
      start_(start) {
  result_.stats.prompt = prompt;
  result_.stats.n_prompt = session.position();
  result_.stats.prompt_seconds = seconds_since(start_);
  if (options_.most_repeated > 0) repetition_.emplace(options_.most_repeated);
  if (options_.rules) guide_.emplace(*options_.rules, session_.engine(), room_for_answer());
  start_drafting();
}

bool Generation::take() {
  if (n_verified_++ > 0 && !is_forced_) ++result_.stats.n_accepted;
  is_finished_ = !step();
  return !is_finished_ && n_verified_ < n_bundle_ && result_.tokens.back() == bundle_[n_verified_];
}

std::span<const TokenId> Generation::wanted(int most_guessed) {
  is_forced_ = guide_ && !guide_->forced().empty();
  n_verified_ = n_bundle_ = 0;
  bundle_[n_bundle_++] = result_.tokens.back();
  for (const TokenId t : draft(most_guessed)) bundle_[n_bundle_++] = t;
  if (!is_forced_) result_.stats.n_drafted += static_cast<int>(n_bundle_) - 1;
  return std::span(bundle_).first(n_bundle_);
}

GenerateResult Generation::finish() {
  if (result_.stats.n_generated > 1) result_.stats.decode_seconds = seconds_since(first_);
  flush();
  return std::move(result_);
}

TokenId Generation::choose() {
  probability_ = 1;
  const auto forced = guide_ ? guide_->forced() : std::span<const TokenId>();
  if (!forced.empty() && guide_->leaves_room(forced.front())) {
    ++result_.stats.n_forced;
    return forced.front();
  }
  const constraint::TokenMask* allowed = nullptr;
  TokenId token;
  do {
    if (guide_) allowed = &guide_->allowed();
    token = sampler_.sample(session_.logits(), session_.tokens(), allowed);
  } while (guide_ && guide_->leads_nowhere(token));
  if (guide_ && !guide_->leaves_room(token)) {  // one of those that do, then: as if only they had been allowed
    allowed = &guide_->closing();
    token = sampler_.sample(session_.logits(), session_.tokens(), allowed);
  }
  if (options_.confidence) probability_ = probability(session_.logits(), token, allowed);
  return token;
}

bool Generation::is_stop(TokenId token) const {
  const auto is_among = [token](const auto& ids) { return std::find(ids.begin(), ids.end(), token) != ids.end(); };
  return is_among(options_.stop_tokens) || (guide_ && is_among(session_.engine().defaults().stop_tokens));
}

// Nothing but a stop token may follow.
bool Generation::is_complete() { return guide_ && !guide_->forced().empty() && is_stop(guide_->forced().front()); }

bool Generation::is_full() const {
  return options_.max_tokens >= 0 && result_.stats.n_generated >= options_.max_tokens;
}

bool Generation::is_cancelled() const {
  return options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed);
}

// The answer repeats itself, and may end here. What may not is brought to its end from here on.
bool Generation::ends_repeating() {
  return repetition_ && repetition_->take(result_.tokens) && (!guide_ || guide_->end_soon());
}

// Chooses and shows a token; false: the answer has ended, and `finish` says why.
bool Generation::step() {
  if (is_full() || is_cancelled()) return end(is_full() ? FinishReason::Length : FinishReason::Cancelled);
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
  if (ends_repeating()) return end(FinishReason::Stop);
  if (is_full() || session_.position() >= session_.context())
    return end(guide_ && guide_->was_closed() ? FinishReason::Stop : FinishReason::Length);
  return true;
}

void Generation::start_drafting() {
  if (options_.draft == Draft::Off || options_.draft_tokens == 0 || options_.max_tokens == 0) return;
  int most = session_.context() + 1;  // the last token is not computed
  if (options_.max_tokens > 0)
    most = static_cast<int>(std::min<int64_t>(most, int64_t{options_.max_tokens} + int64_t{session_.position()}));
  drafter_.emplace(session_.tokens(), most, options_.draft_tokens, session_.engine().executor().costs());
}

// The last token need not be computed.
int Generation::room_for_answer() const {
  const int room = session_.context() - session_.position() + 1;
  return options_.max_tokens >= 0 ? std::min(room, options_.max_tokens) : room;
}

// Tokens that may be computed behind the last one: as many as may still be chosen, less what follows them all.
int Generation::room() const {
  int n = std::min(session_.context() - session_.position(), session_.max_bundle()) - 1;
  if (options_.max_tokens >= 0) n = std::min(n, options_.max_tokens - result_.stats.n_generated - 1);
  return std::max(0, n);
}

// What is computed behind the last token: what must come next, else a guess.
std::span<const TokenId> Generation::draft(int most_guessed) {
  if (options_.draft == Draft::Off) return {};
  if (guide_)
    if (const auto forced = guide_->forced(); !forced.empty())
      return forced.first(std::min(forced.size(), static_cast<size_t>(room())));
  if (!drafter_) return {};
  const auto guess = drafter_->draft(std::min(room(), most_guessed), options_.stop_tokens);
  return guide_ && !guess.empty() ? guess.first(guide_->n_allowed(guess)) : guess;
}

bool Generation::end(FinishReason reason) {
  result_.finish = reason;
  return false;
}

bool Generation::end_with(TokenId stop) {
  result_.stop_token = stop;
  return end(FinishReason::Stop);
}

// What was held back. The last bytes of a broken character may complete a stop string.
void Generation::flush() {
  std::string rest = stop_.push(detokenizer_.finish());
  if (stop_.stopped()) result_.finish = FinishReason::Stop;
  rest += stop_.finish();
  if (!rest.empty()) emit(-1, std::move(rest), nullptr);
}

// Whether the answer may go on.
bool Generation::emit(TokenId token, std::string text, const Logprobs* probabilities) {
  result_.text += text;
  return !on_event_ || on_event_({token, std::move(text), probabilities, probability_});
}

}  // namespace facet::runtime
