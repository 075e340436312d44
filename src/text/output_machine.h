// The states of an answer: content, reasoning, call (spec chat 10). Fed with text and control tokens, however split.
// Internal to text/; OutputParser and OutputTextParser feed it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "text/call_reader.h"
#include "text/call_stream.h"
#include "text/output_controls.h"
#include "text/output_parser.h"

namespace facet::text {

// Finds where an object of JSON ends.
struct BracketCount {
  int depth = 0;
  bool in_string = false, is_escaped = false;

  // True: the character closes the outermost bracket.
  bool closes(char c);
};

class OutputMachine {
 public:
  explicit OutputMachine(const OutputParserOptions& options);

  void text(std::string_view text);  // whole characters
  void control(Control control, std::string_view name);
  void finish(OutputEnd end);
  bool in_call() const noexcept { return state_ == State::Call || json_part_ == JsonPart::Body; }
  OutputEvents take() { return std::exchange(events_, {}); }

 private:
  enum class State { Content, Reasoning, Call, End };
  // Characters that mean something if they come next.
  enum class Awaited {
    Nothing,
    Opener,   // "thought\n" at the start of the answer: a thought whose opening token is missing
    Label,    // "thought\n" behind <|channel>
    OwnTurn,  // "model\n" behind a <|turn> at the start
  };
  // What may come next where calls are JSON.
  enum class JsonPart { Head, Body, Close, Comma, Text };
  struct Piece {
    std::optional<Control> control;
    std::string text;  // a control token's: its name
  };

  void feed(Piece piece);
  void dispatch(const Piece& piece);
  void emit(OutputEvent::Kind kind, std::string_view text);
  void emit_call(CallBody call, std::string_view body);
  void end_answer();

  void plain(const Piece& piece);
  void awaited_text(std::string_view text);
  bool awaited_control(const Piece& piece);

  void content_text(std::string_view text);
  void content_control(const Piece& piece);
  void add_content(std::string_view text);
  void block() { has_block_ = block_is_last_ = true; }

  bool may_promote() const { return !options_.declared.empty() && (!has_content_ || behind_thought_); }
  void candidate_text(std::string_view text);
  bool is_candidate(std::string_view added);
  bool candidate_control(const Piece& piece);
  void drop_candidate();

  void begin_thought(Awaited awaited);
  void reasoning_text(std::string_view text);
  void reasoning_control(const Piece& piece);

  void begin_call();
  void call_text(const Piece& piece);
  void call_control(const Piece& piece);
  bool in_string();
  void keep_in_call(const Piece& piece, std::string_view text);
  void end_call(bool is_cut);
  void end_call_at_mark(const Piece& next);
  void stream_call(std::string_view added);

  void json(const Piece& piece);
  void json_text(std::string rest);
  std::string read_json_head(std::string_view text);
  std::string read_json_body(std::string_view text);
  std::string read_behind_json(std::string_view text);
  void end_json_call();

  OutputParserOptions options_;
  OutputEvents events_;
  State state_;
  std::deque<Piece> queue_;  // what is still to be read, first one first
  bool at_start_ = true;

  Awaited awaited_ = Awaited::Nothing;
  std::string pending_;  // the part of what is awaited that has come

  std::string blanks_;           // content's, held back
  bool has_content_ = false;     // any that is not blank
  bool has_block_ = false;       // a thought or a call
  bool block_is_last_ = false;   // behind all content
  bool behind_thought_ = false;  // no content since the last one
  std::string candidate_;        // content that may be a bare call
  bool candidate_is_closed_ = false;

  bool has_reasoning_ = false;
  bool thought_has_text_ = false;  // of this block
  std::string thought_blanks_;

  std::string body_;                                      // of a call, quote tokens as kQuote
  bool string_is_open_ = false, body_is_closed_ = false;  // as far as known; see in_string()
  std::optional<size_t> mark_;                            // where an end marker stands inside a string of the body
  bool quote_decides_ = false;  // a quote token came behind the mark; the next character decides
  std::deque<Piece> behind_mark_;

  int n_calls_ = 0;
  bool may_stream_ = false;               // the name has not come yet
  std::optional<ArgumentStream> stream_;  // of the call that is being read

  // Calls as JSON (output_json_calls.cpp).
  JsonPart json_part_ = JsonPart::Head;
  bool json_is_list_ = false;
  std::string json_name_;
  BracketCount brackets_;  // of the body
};

}  // namespace facet::text
