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
  int64_t kv_bytes = 0;  // at most
  std::atomic<bool> is_cancelled = false;
  std::atomic<std::atomic<bool>*> step = nullptr;  // to stop the one that computes the prompt

  void cancel() noexcept {
    is_cancelled = true;
    if (std::atomic<bool>* flag = step.load()) *flag = true;
  }
};

// Keys and values that a job takes at most.
int64_t most_kv_bytes(const Engine& engine, const Job& job);

// Tells the receiver that the job ends without having been started, or in the middle of its prompt.
void tell_cancelled(const Job& job);
void tell_failed(const Job& job, std::exception_ptr error) noexcept;

// One answer of a job.
class Choice {
 public:
  Choice(int index, Session session, const SyncResult& prompt, const Ticket& ticket,
         Generation::Clock::time_point start);

  Session& session() noexcept { return session_; }
  bool is_finished() const noexcept { return error_ || generation_.is_finished(); }
  std::exception_ptr error() const noexcept { return error_; }
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }

  // Generation::take() and wanted(); what they throw is kept. Nothing is wanted then.
  bool take() noexcept;
  std::span<const TokenId> wanted(int most_guessed) noexcept;
  // Tells the receiver, once it is finished.
  void tell_finished(JobListener& listener);
  bool is_told() const noexcept { return is_told_; }
  // Since this was last asked, or the answer began.
  double lap() noexcept;

 private:
  int index_;
  Session session_;
  GenerateOptions options_;
  Generation generation_;
  Generation::Clock::time_point last_step_ = Generation::Clock::now();
  std::exception_ptr error_;
  bool is_told_ = false;
};

class RunningJob {
 public:
  // Keeps what is known of the prompt, and says so to the receiver. Throws as Session's constructor and begin_sync()
  // do, and what the receiver throws.
  RunningJob(std::shared_ptr<const Engine> engine, std::shared_ptr<PrefixCache> cache, std::shared_ptr<Ticket> ticket);

  Ticket& ticket() noexcept { return *ticket_; }
  const std::shared_ptr<Ticket>& share_ticket() const noexcept { return ticket_; }
  const SyncResult& prompt() const noexcept { return prompt_; }
  bool embeds() const noexcept { return pooling().has_value(); }
  std::optional<Pooling> pooling() const noexcept { return ticket_->job.embed; }
  std::vector<std::unique_ptr<Choice>>& choices() noexcept { return choices_; }

  bool is_in_prompt() const noexcept { return choices_.empty() && !is_done_; }
  int rows_left() const noexcept;
  Session::Piece piece(int most);
  // What piece() gave was computed.
  void took_piece();

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
  void tell_embedding();

  std::shared_ptr<Ticket> ticket_;
  Generation::Clock::time_point start_ = Generation::Clock::now();
  Session session_;  // of the prompt; one of the answers takes it
  SyncResult prompt_;
  std::vector<double> state_sum_, piece_sum_;  // of states that a job which embeds asked for
  std::vector<std::unique_ptr<Choice>> choices_;
  bool is_done_ = false, has_failed_ = false;
};

}  // namespace facet::runtime
