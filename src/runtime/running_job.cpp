#include "runtime/running_job.h"

#include <algorithm>

#include "model/config.h"
#include "model/kv_layout.h"
#include "runtime/executor.h"
#include "runtime/kv_pages.h"

namespace facet::runtime {
namespace {

using Time = Generation::Clock;

double seconds_between(Time::time_point from, Time::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

GenerateOptions options_of_choice(const Ticket& ticket, int index) {
  GenerateOptions options = ticket.job.options;
  options.sampling.seed += static_cast<uint64_t>(index);
  options.cancel = &ticket.is_cancelled;
  return options;
}

// The embedding of a mean needs every row, that of the last token one.
int first_wanted(const Job& job) { return job.embed == Pooling::Mean ? 0 : static_cast<int>(job.tokens.size()) - 1; }

}  // namespace

// Answers share the full pages of their prompt; pages of local layers are counted for each.
int64_t most_kv_bytes(const Engine& engine, const Job& job) {
  const model::KvLayout& layout = engine.kv_layout();
  const int n_prompt = static_cast<int>(job.tokens.size());
  const int room = std::max(0, engine.context() - n_prompt), asked = job.options.max_tokens;
  const int n = n_prompt + (job.embed ? 0 : asked < 0 ? room : std::min(room, asked));
  const int64_t n_answers = job.embed ? 1 : job.n_choices;
  const int64_t shared = n_answers > 1 ? n_prompt / layout.page_tokens : 0;
  const int64_t global = shared + n_answers * ((n + layout.page_tokens - 1) / layout.page_tokens - shared);
  const int64_t local =
      n_answers * KvPages::max_local_pages(layout.page_tokens, engine.config().window, engine.executor().max_rows(), n);
  return global * static_cast<int64_t>(layout.page_bytes[0]) + local * static_cast<int64_t>(layout.page_bytes[1]);
}

void tell_failed(const Job& job, std::exception_ptr error) noexcept {
  try {
    job.listener->on_failed(std::move(error));
  } catch (...) {  // it has been told
  }
}

void tell_cancelled(const Job& job) {
  if (job.embed) return tell_failed(job, std::make_exception_ptr(CancelledError()));
  for (int i = 0; i < job.n_choices; ++i) {
    GenerateResult result;
    result.finish = FinishReason::Cancelled;
    result.stats.n_prompt = static_cast<int>(job.tokens.size());
    job.listener->on_finished(i, std::move(result));
  }
}

Choice::Choice(int index, Session session, const SyncResult& prompt, const Ticket& ticket, Time::time_point start)
    : index_(index),
      session_(std::move(session)),
      options_(options_of_choice(ticket, index)),
      generation_(
          session_, prompt, options_,
          [index, listener = ticket.job.listener](const GenerateEvent& event) {
            return listener->on_event(index, event);
          },
          start) {}

bool Choice::take() noexcept {
  try {
    return generation_.take();
  } catch (...) {
    error_ = std::current_exception();
    return false;
  }
}

std::span<const TokenId> Choice::wanted(int most_guessed) noexcept {
  try {
    return generation_.wanted(most_guessed);
  } catch (...) {
    error_ = std::current_exception();
    return {};
  }
}

void Choice::tell_finished(JobListener& listener) {
  is_told_ = true;
  listener.on_finished(index_, generation_.finish());
}

double Choice::lap() noexcept {
  const auto now = Time::now();
  return seconds_between(std::exchange(last_step_, now), now);
}

RunningJob::RunningJob(std::shared_ptr<const Engine> engine, std::shared_ptr<PrefixCache> cache,
                       std::shared_ptr<Ticket> ticket)
    : ticket_(std::move(ticket)), session_(std::move(engine), 0, std::move(cache)) {
  const double waited = seconds_between(ticket_->submitted, start_);
  prompt_ = embeds() ? session_.begin_sync(view(), first_wanted(ticket_->job)) : session_.begin_sync(view());
  ticket_->job.listener->on_started({waited, prompt_});
  if (rows_left() == 0) start_answers();
}

int RunningJob::rows_left() const noexcept {
  return static_cast<int>(ticket_->job.tokens.size()) - session_.position();
}

// Sums of a piece count when it was computed: one that fails on the way is asked for again.
Session::Piece RunningJob::piece(int most) {
  Session::Piece piece{&session_, view(), session_.piece_rows(view(), most)};
  piece.boundaries = ticket_->job.boundaries;
  if (!embeds()) return piece;
  piece.first = first_wanted(ticket_->job);
  piece_sum_.assign(state_sum_.begin(), state_sum_.end());
  piece.visit_state = [this](int, std::span<const float> state) {
    piece_sum_.resize(state.size());
    for (size_t i = 0; i < state.size(); ++i) piece_sum_[i] += double{state[i]};
  };
  return piece;
}

void RunningJob::took_piece() {
  const int left = rows_left();
  state_sum_.swap(piece_sum_);
  if (const Progress& progress = ticket_->job.options.progress) progress(prompt_.n_computed - left, prompt_.n_computed);
  if (left > 0) return;
  if (embeds())
    tell_embedding();
  else
    start_answers();
}

void RunningJob::start_answers() {
  std::vector<Session> sessions;
  for (int i = 1; i < ticket_->job.n_choices; ++i) sessions.push_back(session_.fork());
  sessions.push_back(std::move(session_));
  for (Session& session : sessions)
    choices_.push_back(
        std::make_unique<Choice>(static_cast<int>(choices_.size()), std::move(session), prompt_, *ticket_, start_));
  for (const auto& choice : choices_) choice->take();
  settle();
}

void RunningJob::tell_embedding() {
  const int n = static_cast<int>(ticket_->job.tokens.size()) - first_wanted(ticket_->job);
  std::vector<float> embedding;
  for (const double sum : state_sum_) embedding.push_back(static_cast<float>(sum / n));
  ticket_->job.listener->on_embedded(std::move(embedding), prompt_);
  is_done_ = true;
}

void RunningJob::heed_cancel() {
  if (is_done_ || !ticket_->is_cancelled) return;
  if (choices_.empty()) {
    tell_cancelled(ticket_->job);
    is_done_ = true;  // now: a receiver that throws hears of the failure
    return;
  }
  for (const auto& choice : choices_)
    if (!choice->is_finished()) choice->take();  // which looks at the flag first
  settle();
}

void RunningJob::settle() {
  for (const auto& choice : choices_)
    if (choice->error()) return fail(choice->error());
  for (const auto& choice : choices_)
    if (choice->is_finished() && !choice->is_told()) choice->tell_finished(*ticket_->job.listener);
  is_done_ = std::ranges::all_of(choices_, [](const auto& choice) { return choice->is_told(); });
}

void RunningJob::fail(std::exception_ptr error) noexcept {
  if (is_done_) return;
  is_done_ = has_failed_ = true;
  tell_failed(ticket_->job, std::move(error));
}

}  // namespace facet::runtime
