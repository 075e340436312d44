// One answer under way, without a loop of its own: it says which tokens to compute next, and chooses what follows them.
// So a caller can compute together what several answers want. The loop over a single one is generate().
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <span>

#include "runtime/backend.h"
#include "runtime/drafter.h"
#include "runtime/generate.h"
#include "runtime/repetition.h"
#include "runtime/stop_strings.h"
#include "text/detokenizer.h"

namespace facet::runtime {

// Throws RequestError naming the option that is out of range.
void check(const GenerateOptions& options, const Engine& engine);

class Generation {
 public:
  using Clock = std::chrono::steady_clock;

  // The session holds the prompt and its logits; it and the options outlive the object. prompt: what computing it took,
  // since `start`. tables: that other answers of this thread use too; null: its own.
  Generation(Session& session, const SyncResult& prompt, const GenerateOptions& options, OnGenerateEvent on_event,
             Clock::time_point start, std::shared_ptr<SamplerTables> tables = {});

  // Chooses what follows the session's last token, the prompt's to begin with. True: it is the next of the tokens
  // wanted, whose row may be taken too. Throws RequestError when nothing may follow, and what the event's receiver
  // does.
  bool take();
  bool is_finished() const noexcept { return is_finished_; }
  TokenId last() const noexcept { return result_.tokens.back(); }  // of the tokens chosen, one at least
  int n_generated() const noexcept { return result_.stats.n_generated; }

  // Tokens to compute next, one at least: the last one chosen, and behind it what must come, or at most most_guessed
  // guesses. Fit for Session::append_while() with take(). Valid until the next call.
  std::span<const TokenId> wanted(int most_guessed = kMaxDraft);

  // The answer; text that was held back is an event of its own. Once, when it is finished or given up.
  GenerateResult finish();

 private:
  TokenId choose();
  bool step();
  bool is_stop(TokenId token) const;
  bool is_complete();
  bool is_full() const;
  bool is_cancelled() const;
  bool ends_repeating();
  void start_drafting();
  int room_for_answer() const;
  int room() const;
  std::span<const TokenId> draft(int most_guessed);
  void flush();
  bool emit(TokenId token, std::string text, const Logprobs* probabilities);
  bool end(FinishReason reason);
  bool end_with(TokenId stop);

  Session& session_;
  const GenerateOptions& options_;
  OnGenerateEvent on_event_;
  Sampler sampler_;
  text::Detokenizer detokenizer_;
  StopStrings stop_;
  std::optional<OutputGuide> guide_;
  std::optional<Drafter> drafter_;
  std::optional<Repetition> repetition_;
  // What is computed together: the last token and a draft. Rows of it that were taken, and whether the rules say it
  // all.
  std::array<TokenId, kDecodeRows> bundle_{};
  size_t n_bundle_ = 0, n_verified_ = 0;
  bool is_forced_ = false;
  bool is_finished_ = false;
  float probability_ = 1;  // of the last token
  Clock::time_point start_, first_{};
  GenerateResult result_;
};

}  // namespace facet::runtime
