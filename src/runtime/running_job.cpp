#include "runtime/running_job.h"

#include <algorithm>
#include <limits>

#include "model/config.h"
#include "model/kv_layout.h"
#include "runtime/drafter.h"
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

int most_answered(const Engine& engine, const Job& job) noexcept {
  const int room = std::max(0, engine.context() - static_cast<int>(job.tokens.size()));
  return job.embed ? 0 : job.options.max_tokens < 0 ? room : std::min(room, job.options.max_tokens);
}

// Beside keys and values, of an answer whose text has at most so many tokens.
int64_t answer_bytes(const Engine& engine, Draft draft, int n_text) {
  const auto row = static_cast<int64_t>(sizeof(float)) * engine.config().n_vocab;
  return row + (draft == Draft::Off ? 0 : static_cast<int64_t>(Drafter::table_bytes(n_text + 1)));
}

int64_t answers_bytes(const Engine& engine, const Job& job) {
  if (job.embed) return 0;
  const int n_text = static_cast<int>(job.tokens.size()) + most_answered(engine, job);
  return job.n_choices * answer_bytes(engine, job.options.draft, n_text);
}

}  // namespace

// Answers share the full pages of their prompt; pages of local layers are counted for each.
int64_t job_bytes(const Engine& engine, const Job& job, int n_answered) {
  const model::KvLayout& layout = engine.kv_layout();
  const int n_prompt = static_cast<int>(job.tokens.size()), most = most_answered(engine, job);
  const int n = n_prompt + std::min(n_answered, most);
  const int64_t n_answers = job.embed ? 1 : job.n_choices;
  const int64_t shared = n_answers > 1 ? n_prompt / layout.page_tokens : 0;
  const int64_t global = shared + n_answers * ((n + layout.page_tokens - 1) / layout.page_tokens - shared);
  const int64_t local =
      n_answers * KvPages::max_local_pages(layout.page_tokens, engine.config().window, engine.executor().max_rows(), n);
  return global * static_cast<int64_t>(layout.page_bytes[0]) + local * static_cast<int64_t>(layout.page_bytes[1]) +
         answers_bytes(engine, job);
}

int64_t most_job_bytes(const Engine& engine, const Job& job) { return job_bytes(engine, job, engine.context()); }

int64_t planned_answer_bytes(const Engine& engine) { return answer_bytes(engine, Draft::Lookup, engine.context()); }

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

Choice::Choice(int index, Session session, const SyncResult& prompt, const Ticket& ticket, Time::time_point start,
               std::shared_ptr<SamplerTables> tables)
    : index_(index),
      session_(std::move(session)),
      options_(options_of_choice(ticket, index)),
      generation_(
          session_, prompt, options_,
          [index, listener = ticket.job.listener](const GenerateEvent& event) {
            return listener->on_event(index, event);
          },
          start, std::move(tables)) {}

bool Choice::take() noexcept {
  if (is_repeating_) return true;
  try {
    return generation_.take();
  } catch (...) {
    error_ = std::current_exception();
    return false;
  }
}

void Choice::heed_cancel() noexcept {
  is_repeating_ = false;
  take();  // which looks at the flag first
}

void Choice::let_go(Session nothing) {
  if (static_cast<size_t>(session_.position()) >= past_.size())
    past_.assign(session_.tokens().begin(), session_.tokens().end());
  session_ = std::move(nothing);
}

std::vector<TokenId> Choice::past() const {
  std::vector<TokenId> text = past_;
  text.push_back(generation_.last());
  return text;
}

std::span<const TokenId> Choice::wanted(int most_guessed) noexcept {
  const auto position = static_cast<size_t>(session_.position());
  is_repeating_ = position < past_.size();
  if (is_repeating_) {
    const auto rest = std::span<const TokenId>(past_).subspan(position);
    return rest.first(std::min(rest.size(), static_cast<size_t>(session_.max_bundle())));
  }
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
                       std::shared_ptr<Ticket> ticket, std::shared_ptr<SamplerTables> tables)
    : engine_(std::move(engine)),
      cache_(std::move(cache)),
      ticket_(std::move(ticket)),
      tables_(std::move(tables)),
      session_(new_session()) {
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
  if (const Progress& progress = ticket_->job.options.progress; progress && !repeats_prompt_)
    progress(std::max(0, prompt_.n_computed - left), prompt_.n_computed);
  if (left > 0) return;
  if (embeds())
    tell_embedding();
  else if (repeats_prompt_)
    go_on_answering();
  else
    start_answers();
}

std::vector<Session> RunningJob::share_session(size_t n) {
  std::vector<Session> sessions;
  while (sessions.size() + 1 < n) sessions.push_back(session_.fork());
  sessions.push_back(std::move(session_));
  return sessions;
}

void RunningJob::start_answers() {
  for (Session& session : share_session(static_cast<size_t>(ticket_->job.n_choices)))
    choices_.push_back(std::make_unique<Choice>(static_cast<int>(choices_.size()), std::move(session), prompt_,
                                                *ticket_, start_, tables_));
  for (const auto& choice : choices_) choice->take();
  settle();
}

std::vector<Choice*> RunningJob::unfinished() const {
  std::vector<Choice*> out;
  for (const auto& choice : choices_)
    if (!choice->is_finished()) out.push_back(choice.get());
  return out;
}

int64_t RunningJob::bytes(int headroom) const {
  int n_answered = 0;
  for (const auto& choice : choices_) n_answered = std::max(n_answered, choice->n_answered());
  return job_bytes(*engine_, ticket_->job, n_answered + headroom);
}

int64_t RunningJob::suspended_bytes() const { return choices_.empty() ? 0 : answers_bytes(*engine_, ticket_->job); }

void RunningJob::suspend() {
  if (is_in_prompt()) session_ = new_session();
  is_suspended_ = true;
  for (const auto& choice : choices_) choice->let_go(new_session());  // the finished ones for good
}

void RunningJob::give_way() {
  has_given_way_ = true;
  suspend();
}

// What the cache has of a text is as it was computed. If that is not the whole prompt of each answer, the prompt comes
// first, once for all; what is then read and what is computed may be divided otherwise than at first.
void RunningJob::resume() {
  is_suspended_ = false;
  const auto answers = unfinished();
  bool has_prompts = cache_ != nullptr && !answers.empty();
  for (auto choice = answers.begin(); has_prompts && choice != answers.end(); ++choice) {
    const std::vector<TokenId> past = (*choice)->past();
    Session session = new_session();
    session.begin_sync({past, ticket_->job.media});
    has_prompts = session.position() >= static_cast<int>(ticket_->job.tokens.size());
    (*choice)->begin_again(std::move(session));
  }
  repeats_prompt_ = !has_prompts && !answers.empty();
  if (has_prompts) return;
  for (Choice* choice : answers) choice->begin_again(new_session());
  state_sum_.clear();
  session_ = new_session();
  session_.begin_sync(view(), embeds() ? first_wanted(ticket_->job) : std::numeric_limits<int>::max());
}

void RunningJob::go_on_answering() {
  repeats_prompt_ = false;
  const auto answers = unfinished();
  auto sessions = share_session(answers.size());
  for (size_t i = 0; i < answers.size(); ++i) answers[i]->begin_again(std::move(sessions[i]));
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
    if (!choice->is_finished()) choice->heed_cancel();
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
