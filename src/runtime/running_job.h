// A job that was admitted: its prompt being computed, then its answers. It says what it wants computed and takes what
// was; who computes it, and with what beside it, is the batch's to say. Internal to runtime/.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <vector>

#include "runtime/generation.h"
#include "runtime/job.h"

namespace facet::runtime {

// What the one who asked and the scheduler's thread share.
struct Ticket {
  Job job;
  Generation::Clock::time_point submitted = Generation::Clock::now();
  std::atomic<bool> is_cancelled = false;
  std::atomic<std::atomic<bool>*> step = nullptr;  // to stop the one that computes the prompt

  void cancel() noexcept {
    is_cancelled = true;
    if (std::atomic<bool>* flag = step.load()) *flag = true;
  }
};

// Memory that a job takes while none of its answers has more than so many tokens: keys and values, and for each answer
// its logits and what its drafts are looked up in.
int64_t job_bytes(const Engine& engine, const Job& job, int n_answered);
int64_t most_job_bytes(const Engine& engine, const Job& job);
// What one answer that fills the context takes beside keys and values: the engine's plan has room for it.
int64_t planned_answer_bytes(const Engine& engine);

// Tells the receiver that the job ends without having been started, or in the middle of its prompt.
void tell_cancelled(const Job& job);
void tell_failed(const Job& job, std::exception_ptr error) noexcept;

// One answer of a job.
class Choice {
 public:
  Choice(int index, Session session, const SyncResult& prompt, const Ticket& ticket,
         Generation::Clock::time_point start, std::shared_ptr<SamplerTables> tables);

  Session& session() noexcept { return session_; }
  bool is_finished() const noexcept { return error_ || generation_.is_finished(); }
  std::exception_ptr error() const noexcept { return error_; }
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }

  // Generation::take() and wanted(); what they throw is kept. Nothing is wanted then. What was let go of comes first,
  // and is no news.
  bool take() noexcept;
  std::span<const TokenId> wanted(int most_guessed) noexcept;
  bool is_repeating() const noexcept { return is_repeating_; }  // what was last wanted
  // Ends a cancelled answer, whatever was wanted of it.
  void heed_cancel() noexcept;

  // Lets go of the timeline, whose memory is free then; once begun again it will be what it was.
  void let_go(Session nothing);
  // The timeline's tokens when it was let go of, and the one chosen behind them: no prompt of it is known to its end.
  std::vector<TokenId> past() const;
  void begin_again(Session session) { session_ = std::move(session); }
  // Tells the receiver, once it is finished.
  void tell_finished(JobListener& listener);
  bool is_told() const noexcept { return is_told_; }
  int n_answered() const noexcept { return generation_.n_generated(); }
  // Since this was last asked, or the answer began.
  double lap() noexcept;

 private:
  int index_;
  Session session_;
  GenerateOptions options_;
  Generation generation_;
  std::vector<TokenId> past_;  // of the timeline that was let go of last
  bool is_repeating_ = false;
  Generation::Clock::time_point last_step_ = Generation::Clock::now();
  std::exception_ptr error_;
  bool is_told_ = false;
};

class RunningJob {
 public:
  // Keeps what is known of the prompt, and says so to the receiver. Throws as Session's constructor and begin_sync()
  // do, and what the receiver throws.
  RunningJob(std::shared_ptr<const Engine> engine, std::shared_ptr<PrefixCache> cache, std::shared_ptr<Ticket> ticket,
             std::shared_ptr<SamplerTables> tables);

  Ticket& ticket() noexcept { return *ticket_; }
  const std::shared_ptr<Ticket>& share_ticket() const noexcept { return ticket_; }
  const SyncResult& prompt() const noexcept { return prompt_; }
  Priority priority() const noexcept { return ticket_->job.priority; }
  bool embeds() const noexcept { return pooling().has_value(); }
  std::optional<Pooling> pooling() const noexcept { return ticket_->job.embed; }
  std::vector<std::unique_ptr<Choice>>& choices() noexcept { return choices_; }

  bool is_in_prompt() const noexcept { return (choices_.empty() || repeats_prompt_) && !is_done_ && !is_suspended_; }
  int rows_left() const noexcept;
  Session::Piece piece(int most);
  // What piece() gave was computed.
  void took_piece();

  // Memory that the job takes until its answers have `headroom` tokens more than now; and while it is suspended.
  int64_t bytes(int headroom) const;
  int64_t suspended_bytes() const;

  // Lets go of keys and values: what the cache keeps of them is read again, and the rest computed again, prompts by
  // steps of prompts and answers by decode steps. So answers go on as if nothing had been, to the bit where the cache
  // has as much of the prompt as it had. Throw as Session does.
  void suspend();
  void resume();
  bool is_suspended() const noexcept { return is_suspended_; }
  // Makes room for one of a higher class: once, and comes before all others then.
  void give_way();
  bool has_given_way() const noexcept { return has_given_way_; }
  Priority standing() const noexcept { return has_given_way_ ? Priority::High : priority(); }

  // Nothing is left to compute: the receiver knows all.
  bool is_done() const noexcept { return is_done_; }
  // Ends the job if it was cancelled; computes nothing.
  void heed_cancel();
  // Tells of answers that have ended, and whether the job is done.
  void settle();
  void fail(std::exception_ptr error) noexcept;
  bool has_failed() const noexcept { return has_failed_; }

 private:
  PromptView view() const noexcept { return {ticket_->job.tokens, ticket_->job.media}; }
  void start_answers();
  void go_on_answering();
  void tell_embedding();
  Session new_session() const { return Session(engine_, 0, cache_); }
  std::vector<Choice*> unfinished() const;
  std::vector<Session> share_session(size_t n);

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<PrefixCache> cache_;
  std::shared_ptr<Ticket> ticket_;
  std::shared_ptr<SamplerTables> tables_;
  Generation::Clock::time_point start_ = Generation::Clock::now();
  Session session_;  // of the prompt; one of the answers takes it
  SyncResult prompt_;
  std::vector<double> state_sum_, piece_sum_;  // of states that a job which embeds asked for
  std::vector<std::unique_ptr<Choice>> choices_;
  bool is_suspended_ = false, has_given_way_ = false;
  bool repeats_prompt_ = false;  // the prompt is computed again, for answers that have begun
  bool is_done_ = false, has_failed_ = false;
};

}  // namespace facet::runtime
