#include "text/output_machine.h"

#include "text/chat_value.h"

namespace facet::text {
namespace {

constexpr std::string_view kLabel = "thought\n", kOwnRole = "model\n";

}  // namespace

OutputMachine::OutputMachine(const OutputParserOptions& options) : options_(options), state_(State::Content) {
  if (options_.starts_in_thought && !options_.json_calls)
    begin_thought(Awaited::Nothing);
  else if (!options_.json_calls)
    awaited_ = Awaited::Opener;
}

void OutputMachine::text(std::string_view text) {
  if (!text.empty()) feed({{}, std::string(text)});
}

void OutputMachine::control(Control control, std::string_view name) { feed({control, std::string(name)}); }

void OutputMachine::finish(OutputEnd end) {
  if (end == OutputEnd::Stopped) return feed({Control::Stop, {}});
  if (options_.plain || state_ == State::End) return;
  if (awaited_ == Awaited::Opener) add_content(pending_);
  drop_candidate();
  if (state_ == State::Call) end_call(true);
  end_answer();
}

void OutputMachine::feed(Piece piece) {
  queue_.push_back(std::move(piece));
  while (!queue_.empty()) {
    const Piece next = std::move(queue_.front());
    queue_.pop_front();
    if (options_.plain)
      plain(next);
    else if (options_.json_calls)
      json(next);
    else
      dispatch(next);
  }
}

void OutputMachine::plain(const Piece& piece) {
  if (state_ == State::End) return;
  if (!piece.control) return emit(OutputEvent::Kind::Content, piece.text);
  if (piece.control == Control::Quote) emit(OutputEvent::Kind::Content, "\"");
  if (piece.control == Control::Stop) state_ = State::End;
}

void OutputMachine::dispatch(const Piece& piece) {
  const bool at_start = std::exchange(at_start_, false);
  if (state_ == State::End) return;
  if (at_start && piece.control == Control::Turn) {
    awaited_ = Awaited::OwnTurn;
  } else if (awaited_ != Awaited::Nothing && !piece.control) {
    awaited_text(piece.text);
  } else if (awaited_ != Awaited::Nothing && awaited_control(piece)) {
    return;
  } else if (state_ == State::Content) {
    piece.control ? content_control(piece) : content_text(piece.text);
  } else if (state_ == State::Reasoning) {
    piece.control ? reasoning_control(piece) : reasoning_text(piece.text);
  } else {
    piece.control ? call_control(piece) : call_text(piece);
  }
}

void OutputMachine::emit(OutputEvent::Kind kind, std::string_view text) {
  if (text.empty()) return;
  if (!events_.empty() && events_.back().kind == kind)
    events_.back().text += text;
  else
    events_.push_back({kind, std::string(text), nullptr, n_calls_});
}

void OutputMachine::end_answer() {
  if (!block_is_last_) emit(OutputEvent::Kind::Content, blanks_);
  state_ = State::End;
}

void OutputMachine::awaited_text(std::string_view text) {
  pending_ += text;
  const std::string_view literal = awaited_ == Awaited::OwnTurn ? kOwnRole : kLabel;
  if (pending_.size() < literal.size() && literal.starts_with(pending_)) return;
  const Awaited awaited = std::exchange(awaited_, Awaited::Nothing);
  Piece rest{{}, std::exchange(pending_, {})};
  const bool came = rest.text.starts_with(literal);
  if (came) rest.text.erase(0, literal.size());
  if (awaited == Awaited::OwnTurn) {
    if (!came) return end_answer();
    if (state_ == State::Content) awaited_ = Awaited::Opener;
  } else if (awaited == Awaited::Opener && came) {
    begin_thought(Awaited::Nothing);
  }
  if (!rest.text.empty()) queue_.push_front(std::move(rest));
}

// Whether the token has had its effect.
bool OutputMachine::awaited_control(const Piece& piece) {
  const Control control = *piece.control;
  if (awaited_ == Awaited::OwnTurn) return end_answer(), true;
  if (awaited_ == Awaited::Label) {
    if (control == Control::Quote) return awaited_text("\""), true;
    if (control == Control::Other || control == Control::CallEnd) return true;
    pending_.clear();  // a part of the label is no text
  }
  awaited_ = Awaited::Nothing;
  if (const std::string text = std::exchange(pending_, {}); !text.empty()) content_text(text);
  return false;
}

void OutputMachine::content_text(std::string_view text) {
  if (!candidate_.empty() || may_promote())
    candidate_text(text);
  else
    add_content(text);
}

void OutputMachine::content_control(const Piece& piece) {
  if (!candidate_.empty() && candidate_control(piece)) return;
  switch (*piece.control) {
    case Control::Stop:
    case Control::Turn:
      return end_answer();
    case Control::ThoughtBegin:
      return begin_thought(Awaited::Label);
    case Control::CallBegin:
      return begin_call();
    case Control::Quote:
      return content_text("\"");
    default:
      return;
  }
}

// Blanks at blocks are the blocks' own; between pieces of content they belong to it (spec chat 10.2).
void OutputMachine::add_content(std::string_view text) {
  if (!has_content_ && has_block_) {
    blanks_.clear();
    text = trim_front(text);
  }
  const std::string_view trimmed = trim_back(text);
  if (trimmed.empty()) {
    blanks_ += text;
    return;
  }
  emit(OutputEvent::Kind::Content, blanks_);
  emit(OutputEvent::Kind::Content, trimmed);
  blanks_ = text.substr(trimmed.size());
  has_content_ = true;
  block_is_last_ = behind_thought_ = false;
}

void OutputMachine::begin_thought(Awaited awaited) {
  state_ = State::Reasoning;
  awaited_ = awaited;
  block();
  behind_thought_ = true;
  thought_has_text_ = false;
  thought_blanks_.clear();
}

void OutputMachine::reasoning_text(std::string_view text) {
  const std::string_view trimmed = trim_back(text);
  if (trimmed.empty()) {
    thought_blanks_ += text;
    return;
  }
  if (!thought_has_text_ && has_reasoning_) emit(OutputEvent::Kind::Reasoning, "\n");
  emit(OutputEvent::Kind::Reasoning, thought_blanks_);
  emit(OutputEvent::Kind::Reasoning, trimmed);
  thought_blanks_ = text.substr(trimmed.size());
  thought_has_text_ = has_reasoning_ = true;
}

void OutputMachine::reasoning_control(const Piece& piece) {
  switch (*piece.control) {
    case Control::Stop:
    case Control::Turn:
      return end_answer();
    case Control::ThoughtBegin:
      return begin_thought(Awaited::Label);
    case Control::ThoughtEnd:
      state_ = State::Content;
      return;
    case Control::CallBegin:
      return begin_call();
    case Control::Quote:
      return reasoning_text("\"");
    default:
      return;
  }
}

}  // namespace facet::text
