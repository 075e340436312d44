#include "runtime/job_batch.h"

#include <algorithm>
#include <functional>

#include "runtime/executor.h"

namespace facet::runtime {
namespace {

using Moment = Generation::Clock;

double passed_since(Moment::time_point start) { return std::chrono::duration<double>(Moment::now() - start).count(); }

// The shortest prompt goes first, but for every so manieth turn, which is the oldest's, so that a long one comes to its
// end too.
constexpr int kOldestEvery = 4;

constexpr double kMostPatience = 4;

}  // namespace

JobBatch::JobBatch(std::shared_ptr<const Engine> engine, std::shared_ptr<PrefixCache> cache, double target_gap,
                   int headroom)
    : engine_(std::move(engine)),
      cache_(std::move(cache)),
      pacer_(engine_->executor().chunk_rows(), target_gap),
      headroom_(headroom) {}

size_t JobBatch::n_running() const noexcept {
  return static_cast<size_t>(std::ranges::count_if(jobs_, [](const auto& job) { return !job->is_suspended(); }));
}

int64_t JobBatch::bytes() const {
  int64_t n = 0;
  for (const auto& job : jobs_) n += job->is_suspended() ? job->suspended_bytes() : job->bytes(headroom_);
  return n;
}

int64_t JobBatch::bytes_to_start(const Job& job) const { return job_bytes(*engine_, job, headroom_); }

int64_t JobBatch::bytes_to_resume(const RunningJob& job) const { return job.bytes(headroom_) - job.suspended_bytes(); }

std::vector<RunningJob*> JobBatch::suspended() const {
  std::vector<RunningJob*> out;
  for (const auto& job : jobs_)
    if (job->is_suspended()) out.push_back(job.get());
  std::ranges::stable_sort(out, std::greater(), &RunningJob::standing);
  return out;
}

std::vector<RunningJob*> JobBatch::running() const {
  std::vector<RunningJob*> out;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job)
    if (!(*job)->is_suspended()) out.push_back(job->get());
  std::ranges::stable_sort(out, std::less(), &RunningJob::priority);
  return out;
}

void JobBatch::give_way(RunningJob& job) {
  guard(job, [&] { job.give_way(); });
  ++counts_.n_suspended;
}

void JobBatch::resume(RunningJob& job) {
  guard(job, [&] { job.resume(); });
}

void JobBatch::shrink_to(int64_t most) {
  std::vector<RunningJob*> jobs = running();
  for (size_t i = 0; i + 1 < jobs.size() && bytes() > most; ++i) {
    guard(*jobs[i], [&] { jobs[i]->suspend(); });
    ++counts_.n_suspended;
  }
}

void JobBatch::add(std::shared_ptr<Ticket> ticket) {
  try {
    jobs_.push_back(std::make_unique<RunningJob>(engine_, cache_, ticket, tables_));
    counts_.n_reused_tokens += jobs_.back()->prompt().n_reused;
  } catch (...) {
    tell_failed(ticket->job, std::current_exception());
    ++counts_.n_failed;
    done_.push_back(std::move(ticket));
  }
}

// What goes wrong in one job ends that job.
void JobBatch::guard(RunningJob& job, const std::function<void()>& work) noexcept {
  try {
    work();
  } catch (...) {
    job.fail(std::current_exception());
  }
}

void JobBatch::step() {
  for (const auto& job : jobs_) guard(*job, [&] { job->heed_cancel(); });
  const auto choices = answering();
  if (!choices.empty()) decode(choices);
  for (const auto& job : jobs_)
    if (!job->is_done() && !job->choices().empty()) guard(*job, [&] { job->settle(); });
  prefill(most_prompt_rows(choices.size()));
  remove_done();
}

// More answers in a decode step cost little where it has room for them: then prompts are more urgent. So they are when
// several wait: a longer gap, within kMostPatience times the target, costs those who read less than it saves those who
// have nothing yet, and larger pieces cost less a row.
int JobBatch::most_prompt_rows(size_t n_answering) const noexcept {
  const Executor& executor = engine_->executor();
  if (n_answering == 0) return executor.chunk_rows();
  const auto n_waiting = std::ranges::count_if(jobs_, [](const auto& job) { return job->is_in_prompt(); });
  return pacer_.rows(std::clamp(executor.max_decode_rows() / static_cast<double>(n_answering), 1.0, 4.0),
                     std::clamp(static_cast<double>(n_waiting), 1.0, kMostPatience));
}

std::vector<Choice*> JobBatch::answering() const {
  std::vector<Choice*> choices;
  for (const auto& job : jobs_)
    if (!job->is_done() && !job->is_in_prompt() && !job->is_suspended())
      for (const auto& choice : job->choices())
        if (!choice->is_finished()) choices.push_back(choice.get());
  return choices;
}

// Guesses fill the rows that answers leave of a small step; what rules say must come is worth a step of its own.
void JobBatch::decode(std::span<Choice* const> choices) {
  const auto start = Moment::now();
  const auto most = static_cast<size_t>(engine_->executor().max_decode_rows());
  const int most_guessed = kDecodeRows / static_cast<int>(choices.size()) - 1;
  std::vector<Session::Bundle> bundles;
  std::vector<Choice*> bundled;
  size_t n_rows = 0;
  const auto run = [&] {
    run_bundles(bundles, bundled);
    counts_.n_decode_rows += static_cast<int64_t>(n_rows);
    bundles.clear();
    bundled.clear();
    n_rows = 0;
  };
  for (Choice* choice : choices) {
    const auto tokens = choice->wanted(std::max(0, most_guessed));
    if (tokens.empty()) continue;  // its grammar could not say, which ends it alone
    if (n_rows + tokens.size() > most) run();
    bundles.push_back({&choice->session(), tokens, [choice] { return choice->take(); }});
    bundled.push_back(choice);
    n_rows += tokens.size();
  }
  if (!bundles.empty()) run();
  pacer_.record_decode(passed_since(start));
}

// When a step fails, each answer is tried alone, so that only the one that is the cause ends.
void JobBatch::run_bundles(std::span<Session::Bundle> bundles, std::span<Choice* const> choices) {
  try {
    Session::append_bundles(bundles);
    ++counts_.n_decode_steps;
  } catch (...) {
    if (bundles.size() == 1) return choices[0]->fail(std::current_exception());
    for (size_t i = 0; i < bundles.size(); ++i) run_bundles(bundles.subspan(i, 1), choices.subspan(i, 1));
    return;
  }
  for (size_t i = 0; i < bundles.size(); ++i) {
    if (choices[i]->is_repeating()) continue;
    counts_.n_tokens += bundles[i].n_taken;
    gaps_.add(choices[i]->lap());
  }
}

RunningJob* JobBatch::next_prompt() {
  RunningJob* next = nullptr;
  const bool is_oldest_turn = n_turns_ % kOldestEvery == 0;
  for (const auto& job : jobs_) {
    if (!job->is_in_prompt()) continue;
    if (next == nullptr || (!is_oldest_turn && job->rows_left() < next->rows_left())) next = job.get();
  }
  return next;
}

// Prompts that fit into a step beside the first, whole or with their next rows. As many at most as may end together:
// their last rows are computed as decoding. Pieces that would be decode steps alone are computed alone, and those of
// which each row is wanted not with those of which the last is.
std::vector<RunningJob*> JobBatch::join(RunningJob& first, int most) {
  std::vector<RunningJob*> joined = {&first};
  const int n_decode = engine_->executor().max_bundle();
  int n_rows = first.piece(most).n_rows;
  if (n_rows <= n_decode) return joined;
  for (const auto& job : jobs_) {
    if (static_cast<int>(joined.size()) == n_decode || most - n_rows <= n_decode) break;
    if (job.get() == &first || !job->is_in_prompt() || job->pooling() != first.pooling()) continue;
    const int n = job->piece(most - n_rows).n_rows;
    if (n <= n_decode || n_rows + n > engine_->executor().max_rows()) continue;
    joined.push_back(job.get());
    n_rows += n;
  }
  return joined;
}

void JobBatch::prefill(int most) {
  RunningJob* first = next_prompt();
  if (first == nullptr) return;
  ++n_turns_;
  const auto jobs = join(*first, most);
  if (run_pieces(jobs, most) || jobs.size() == 1 || stop_step_) return;
  for (RunningJob* job : jobs) run_pieces({&job, 1}, most);  // one of them is the cause
}

// False: nothing was computed, because some job of several fails, or was cancelled.
bool JobBatch::run_pieces(std::span<RunningJob* const> jobs, int most) {
  const auto start = Moment::now();
  std::vector<Session::Piece> pieces;
  int n_rows = 0;
  for (RunningJob* job : jobs) {
    pieces.push_back(job->piece(most - n_rows));
    n_rows += pieces.back().n_rows;
  }
  if (!compute(jobs, pieces)) return false;
  ++counts_.n_prefill_steps;
  counts_.n_prefill_rows += n_rows;
  pacer_.record_prefill(n_rows, passed_since(start));
  for (RunningJob* job : jobs) {
    const bool has_begun = !job->choices().empty();
    guard(*job, [&] { job->took_piece(); });
    if (!has_begun) counts_.n_tokens += static_cast<int64_t>(job->choices().size());  // their first ones
  }
  return true;
}

bool JobBatch::compute(std::span<RunningJob* const> jobs, std::span<const Session::Piece> pieces) {
  stop_step_ = false;
  for (RunningJob* job : jobs) job->ticket().step = &stop_step_;
  for (RunningJob* job : jobs)
    if (job->ticket().is_cancelled) stop_step_ = true;
  bool is_computed = true;
  try {
    Session::advance_sync(pieces, &stop_step_);
  } catch (const CancelledError&) {
    is_computed = false;
  } catch (...) {
    is_computed = false;
    if (jobs.size() == 1) jobs[0]->fail(std::current_exception());
  }
  for (RunningJob* job : jobs) job->ticket().step = nullptr;
  return is_computed;
}

void JobBatch::remove_done() {
  for (const auto& job : jobs_) {
    if (!job->is_done()) continue;
    ++(job->has_failed() ? counts_.n_failed : job->ticket().is_cancelled ? counts_.n_cancelled : counts_.n_finished);
    done_.push_back(job->share_ticket());
  }
  std::erase_if(jobs_, [](const auto& job) { return job->is_done(); });
}

void JobBatch::fail(const std::exception_ptr& error) noexcept {
  for (const auto& job : jobs_) job->fail(error);
  remove_done();
}

void JobBatch::report(SchedulerMetrics& metrics) const noexcept {
  metrics = counts_;
  metrics.n_running = static_cast<int>(n_running());
  for (const auto& job : jobs_)
    metrics.n_answering += static_cast<int>(
        std::ranges::count_if(job->choices(), [](const auto& choice) { return !choice->is_finished(); }));
  metrics.kv_reserved_bytes = bytes();
  metrics.gap_p50 = gaps_.quantile(0.5);
  metrics.gap_p99 = gaps_.quantile(0.99);
}

}  // namespace facet::runtime
