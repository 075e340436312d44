#include "server/answer_reader.h"

#include "server/ids.h"

namespace facet::server {
namespace {

// Bytes that a token adds to a text.
std::string token_bytes(const text::Tokenizer& tokenizer, text::TokenId token) {
  if (const auto byte = tokenizer.byte_value(token)) return std::string(1, static_cast<char>(*byte));
  constexpr std::string_view kSpace = "\u2581";
  std::string out;
  for (std::string_view rest = tokenizer.piece(token); !rest.empty();) {
    const bool is_space = rest.starts_with(kSpace);
    out += is_space ? ' ' : rest.front();
    rest.remove_prefix(is_space ? kSpace.size() : 1);
  }
  return out;
}

}  // namespace

AnswerReader::AnswerReader(const text::Tokenizer& tokenizer, AnswerFacts facts, int choice, EventSink sink)
    : tokenizer_(tokenizer),
      facts_(std::move(facts)),
      choice_(choice),
      sink_(std::move(sink)),
      stop_(facts_.stop),
      thought_begin_(tokenizer.find("<|channel>")),
      thought_end_(tokenizer.find("<channel|>")),
      in_thought_(facts_.starts_in_thought) {
  if (!facts_.is_chat) return;
  text::OutputParserOptions options;
  options.starts_in_thought = facts_.starts_in_thought;
  options.declared = facts_.declared;
  options.stream_arguments = true;
  parser_.emplace(tokenizer_, options);
}

bool AnswerReader::push(const runtime::GenerateEvent& event) {
  if (event.token >= 0) note(event);
  if (!parser_)
    send_text(stop_.push(event.text));
  else if (event.token >= 0)
    take(parser_->push(event.token));
  return !stop_.stopped();
}

void AnswerReader::note(const runtime::GenerateEvent& event) {
  if (facts_.is_chat) {
    if (event.token == thought_end_) in_thought_ = false;
    n_thought_ += in_thought_;
    if (event.token == thought_begin_) in_thought_ = true;
  }
  if (facts_.wants_logprobs && event.logprobs != nullptr && !tokenizer_.is_special(event.token))
    logprobs_.push_back(logprob_of(*event.logprobs));
}

TokenLogprob AnswerReader::logprob_of(const runtime::Logprobs& logprobs) const {
  TokenLogprob out{token_bytes(tokenizer_, logprobs.chosen.token), logprobs.chosen.token, logprobs.chosen.logprob, {}};
  for (const auto& t : logprobs.top) out.top.emplace_back(token_bytes(tokenizer_, t.token), t.logprob);
  return out;
}

void AnswerReader::take(const text::OutputEvents& events) {
  using Kind = text::OutputEvent::Kind;
  for (const text::OutputEvent& event : events) {
    if (stop_.stopped()) return;
    switch (event.kind) {
      case Kind::Content:
        send_text(stop_.push(event.text));
        break;
      case Kind::Reasoning:
        drop_logprobs();
        if (facts_.shows_thoughts && !event.text.empty()) sink_(event::Thought{choice_, event.text});
        break;
      case Kind::CallBegin:
      case Kind::CallArguments:
      case Kind::Call:
        send_call(event);
        break;
    }
  }
}

void AnswerReader::send_text(std::string text) {
  if (text.empty()) return;
  sink_(event::Text{choice_, std::move(text), std::exchange(logprobs_, {})});
}

// A call may also come whole, without a beginning.
void AnswerReader::send_call(const text::OutputEvent& event) {
  using Kind = text::OutputEvent::Kind;
  drop_logprobs();
  const auto call = static_cast<size_t>(event.index);
  const bool has_begun = call < call_ids_.size();
  while (call >= call_ids_.size()) call_ids_.push_back(new_id("call_"));
  const std::string& id = call_ids_[call];
  if (event.kind == Kind::CallArguments) {
    if (!event.text.empty()) sink_(event::CallArguments{choice_, event.index, event.text});
    return;
  }
  if (!has_begun) sink_(event::CallBegin{choice_, event.index, id, event.text});
  if (event.kind == Kind::CallBegin) return;
  if (!has_begun) sink_(event::CallArguments{choice_, event.index, text::chat_json_text(event.arguments)});
  has_call_ = true;
  sink_(event::CallEnd{choice_, event.index, id, event.text, event.arguments});
}

void AnswerReader::finish(const runtime::GenerateResult& result) {
  const bool is_stopped = result.finish == runtime::FinishReason::Stop && !stop_.stopped();
  if (parser_) {
    if (result.stop_token) take(parser_->push(*result.stop_token));
    take(parser_->finish(is_stopped ? text::OutputEnd::Stopped : text::OutputEnd::Cut));
  }
  send_text(stop_.finish());
  event::Finished finished{choice_, Finish::Stop, {}, std::exchange(logprobs_, {})};
  if (stop_.stopped()) {
    finished.reason = Finish::StopString;
    finished.stop_string = stop_.stopped_by();
  } else if (result.finish == runtime::FinishReason::Length) {
    finished.reason = Finish::Length;
  } else if (result.finish == runtime::FinishReason::Cancelled) {
    finished.reason = Finish::Cancelled;
  } else if (has_call_) {
    finished.reason = Finish::Calls;
  }
  sink_(finished);
}

}  // namespace facet::server
