// The tokens of one choice -> events: text, thoughts and calls as they come, stop strings, log-probabilities.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/generate.h"
#include "runtime/stop_strings.h"
#include "server/event.h"
#include "text/output_parser.h"

namespace facet::server {

struct AnswerFacts {
  bool is_chat = false, starts_in_thought = false;
  bool shows_thoughts = true;         // false: what a model thinks unasked is dropped
  std::vector<std::string> declared;  // names of the functions that may be called
  std::vector<std::string> stop;      // end the answer where its text has them; thoughts and calls may hold them
  bool wants_logprobs = false;
};

class AnswerReader {
 public:
  // The tokenizer outlives it.
  AnswerReader(const text::Tokenizer& tokenizer, AnswerFacts facts, int choice, EventSink sink);

  // False: the answer ends here, by a stop string.
  bool push(const runtime::GenerateEvent& event);
  // Sends what was held back, and Finished.
  void finish(const runtime::GenerateResult& result);

  int n_thought() const noexcept { return n_thought_; }  // tokens

 private:
  void take(const text::OutputEvents& events);
  void send_text(std::string text);
  void send_call(const text::OutputEvent& event);
  void note(const runtime::GenerateEvent& event);
  void drop_logprobs() { logprobs_.clear(); }  // of what is no text
  TokenLogprob logprob_of(const runtime::Logprobs& logprobs) const;

  const text::Tokenizer& tokenizer_;
  AnswerFacts facts_;
  int choice_;
  EventSink sink_;
  std::optional<text::OutputParser> parser_;  // of a chat
  runtime::StopStrings stop_;
  std::vector<TokenLogprob> logprobs_;  // since the last text
  std::vector<std::string> call_ids_;
  std::optional<text::TokenId> thought_begin_, thought_end_;
  bool in_thought_ = false;
  int n_thought_ = 0;
  bool has_call_ = false;  // one that is complete
};

}  // namespace facet::server
