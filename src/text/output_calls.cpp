// The part of OutputMachine that finds where calls end (spec chat 10.4), and calls that lack their opening token
// (10.8).
#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "text/call_reader.h"
#include "text/chat_value.h"
#include "text/output_machine.h"

namespace facet::text {

void OutputMachine::begin_call() {
  state_ = State::Call;
  body_.clear();
  string_is_open_ = body_is_closed_ = quote_decides_ = false;
  may_stream_ = options_.stream_arguments;
  stream_.reset();
  mark_.reset();
  behind_mark_.clear();
}

void OutputMachine::keep_in_call(const Piece& piece, std::string_view text) {
  body_ += text;
  if (mark_) behind_mark_.push_back(piece);
  stream_call(text);
}

// Behind a mark nobody knows yet whether the call goes on.
void OutputMachine::stream_call(std::string_view added) {
  if (may_stream_ && added.find_first_of("{(") != std::string_view::npos) {
    may_stream_ = false;
    const size_t open = body_.find_first_of("{(");
    const CallBody head = read_call(std::string_view(body_).substr(0, open));
    if (body_[open] == '(' || !head.name) return;
    emit(OutputEvent::Kind::CallBegin, *head.name);
    stream_.emplace(open, false);
  }
  if (stream_ && !mark_) emit(OutputEvent::Kind::CallArguments, stream_->advance(body_));
}

void OutputMachine::call_text(const Piece& piece) {
  const size_t next = piece.text.find_first_not_of(" \t\r\n");
  if (quote_decides_ && next != std::string::npos) {
    const char c = piece.text[next];
    if (c != ',' && c != '}' && c != ']') return end_call_at_mark(piece);
    quote_decides_ = string_is_open_ = false;  // the quote ended a string, and the mark was part of it
    mark_.reset();
    behind_mark_.clear();
  }
  keep_in_call(piece, piece.text);
}

void OutputMachine::call_control(const Piece& piece) {
  const Control control = *piece.control;
  if (control == Control::Stop || control == Control::CallBegin || quote_decides_) {
    if (mark_) return end_call_at_mark(piece);
    end_call(false);
    queue_.push_front(piece);
  } else if (control == Control::Quote) {
    string_is_open_ = false;
    quote_decides_ = mark_.has_value();
    keep_in_call(piece, std::string(1, kQuote));
  } else if (mark_ || in_string()) {
    if (control == Control::CallEnd && !mark_) {
      mark_ = body_.size();
      body_ += piece.text;
    } else {
      keep_in_call(piece, piece.text);
    }
  } else if (control == Control::CallEnd) {
    end_call(false);
  }
}

// Whether the body so far ends inside a string between quote tokens. Only a quote token takes it out of one, and
// nothing into one once the call's outer bracket is closed, so most questions need no reading.
bool OutputMachine::in_string() {
  if (string_is_open_ || body_is_closed_ || body_.find(kQuote) == std::string::npos) return string_is_open_;
  const CallBody call = read_call(body_);
  body_is_closed_ = call.is_closed;
  string_is_open_ = call.ends_in_string;
  return string_is_open_;
}

void OutputMachine::end_call(bool is_cut) {
  state_ = State::Content;
  CallBody call = read_call(body_);
  if (call.name && (!is_cut || (!mark_ && call.is_closed && !call.is_repaired)))
    emit_call(std::move(call), body_);
  else if (!call.name && !is_cut)
    add_content(trim(spell_quotes(body_)));
  block();
}

// The marker inside an unfinished string was the end of the call after all: what came behind it is read again, as what
// follows a call.
void OutputMachine::end_call_at_mark(const Piece& next) {
  body_.resize(*mark_);
  mark_.reset();
  quote_decides_ = false;
  queue_.push_front(next);
  queue_.insert(queue_.begin(), behind_mark_.begin(), behind_mark_.end());
  behind_mark_.clear();
  end_call(false);
}

void OutputMachine::emit_call(CallBody call, std::string_view body) {
  if (options_.stream_arguments) {
    std::string all = chat_json_text(call.arguments);
    const std::string given = stream_ ? stream_->given() : std::string();
    if (!all.starts_with(given))
      all = chat_json_text(read_call(body, {options_.json_calls, true}).arguments);  // a key came twice
    assert(all.starts_with(given));
    if (!stream_) emit(OutputEvent::Kind::CallBegin, *call.name);
    emit(OutputEvent::Kind::CallArguments, std::string_view(all).substr(given.size()));
    stream_.reset();
  }
  events_.push_back({OutputEvent::Kind::Call, std::move(*call.name), std::move(call.arguments), n_calls_++});
}

void OutputMachine::candidate_text(std::string_view text) {
  if (candidate_.empty()) {
    const std::string_view rest = trim_front(text);
    add_content(text.substr(0, text.size() - rest.size()));
    text = rest;
  }
  candidate_ += text;
  if (!candidate_.empty() && !is_candidate(text)) drop_candidate();
}

// Whether what has come is the beginning of a declared call, or one with nothing but blanks behind it.
bool OutputMachine::is_candidate(std::string_view added) {
  const auto fits = [&](const std::string& name) {
    const std::string head = fmt::format("call:{}{{", name);
    return candidate_.starts_with(head) || head.starts_with(candidate_);
  };
  if (std::none_of(options_.declared.begin(), options_.declared.end(), fits)) return false;
  if (!candidate_is_closed_ && added.find('}') == std::string_view::npos) return true;
  const CallBody call = read_call(candidate_);
  candidate_is_closed_ = call.is_closed;
  return !call.is_closed || trim(std::string_view(candidate_).substr(call.end)).empty();
}

// Whether the token has had its effect.
bool OutputMachine::candidate_control(const Piece& piece) {
  const Control control = *piece.control;
  if (control == Control::Quote && candidate_.find('{') != std::string::npos) {
    candidate_ += kQuote;
    if (candidate_is_closed_) drop_candidate();
    return true;
  }
  if (control == Control::CallEnd || control == Control::Stop) {
    CallBody call = read_call(candidate_);
    if (call.is_closed && !call.is_repaired) {
      const std::string body = std::exchange(candidate_, {});
      candidate_is_closed_ = false;
      emit_call(std::move(call), body);
      block();
      return control == Control::CallEnd;
    }
  }
  drop_candidate();
  return false;
}

void OutputMachine::drop_candidate() {
  if (candidate_.empty()) return;
  candidate_is_closed_ = false;
  add_content(spell_quotes(std::exchange(candidate_, {})));
}

}  // namespace facet::text
