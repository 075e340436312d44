// The part of OutputMachine that reads calls of models without tokens for them: an answer that begins with
// {"name": ..., "parameters": {...}}, or with a list of those. Blanks may stand anywhere, the members in this order;
// what follows the calls is content.
#include <algorithm>

#include "text/call_reader.h"
#include "text/json_text.h"
#include "text/output_machine.h"

namespace facet::text {
namespace {

constexpr size_t kMaxHead = 4096;  // bytes, blanks and all: longer ones are text

// What stands before the arguments, read from its beginning each time.
class JsonCallHead {
 public:
  JsonCallHead(std::string_view text, const std::vector<std::string>& declared) : text_(text), declared_(declared) {}

  bool read(bool may_be_list) {
    if (may_be_list) {
      const std::string opener = next({"[", "{"});
      if (opener.empty()) return false;
      is_list = opener == "[";
      if (!is_list) at_ = 0;
    }
    if (next({"{"}).empty() || next({"\"name\""}).empty() || next({":"}).empty()) return false;
    std::vector<std::string> names;
    for (const std::string& declared : declared_) names.push_back(json_string(declared));
    const std::string name = next(names);
    if (name.empty() || next({","}).empty() || next({"\"parameters\"", "\"arguments\""}).empty()) return false;
    if (next({":"}).empty() || next({"{"}).empty()) return false;
    for (size_t i = 0; i < names.size(); ++i)
      if (names[i] == name) function = declared_[i];
    return true;
  }

  bool is_list = false;
  bool is_part = false;  // with read(): false; more text may make it one
  std::string function;
  size_t arguments() const { return at_ - 1; }  // where they begin

 private:
  // The one of these that comes next, behind blanks; "": none.
  std::string next(const std::vector<std::string>& literals) {
    at_ = skip_blanks(text_, at_);
    const std::string_view rest = text_.substr(at_);
    for (const std::string& literal : literals) {
      if (rest.starts_with(literal)) return at_ += literal.size(), literal;
      is_part = is_part || literal.starts_with(rest);
    }
    return {};
  }

  std::string_view text_;
  const std::vector<std::string>& declared_;
  size_t at_ = 0;
};

}  // namespace

bool BracketCount::closes(char c) {
  if (in_string) {
    in_string = is_escaped || c != '"';
    is_escaped = c == '\\' && !is_escaped;
    return false;
  }
  in_string = c == '"';
  depth += (c == '{' || c == '[') - (c == '}' || c == ']');
  return depth == 0;
}

void OutputMachine::json(const Piece& piece) {
  if (state_ == State::End) return;
  if (!piece.control) return json_text(piece.text);
  if (piece.control == Control::Quote) return json_text("\"");
  if (piece.control != Control::Stop) return;
  drop_candidate();
  if (json_part_ == JsonPart::Body) end_json_call();
  end_answer();
}

void OutputMachine::json_text(std::string rest) {
  while (!rest.empty()) {
    if (json_part_ == JsonPart::Head)
      rest = read_json_head(rest);
    else if (json_part_ == JsonPart::Body)
      rest = read_json_body(rest);
    else if (json_part_ == JsonPart::Text)
      add_content(std::exchange(rest, {}));
    else
      rest = read_behind_json(rest);
  }
}

// Each of these returns what it leaves to others.
std::string OutputMachine::read_json_head(std::string_view text) {
  candidate_ += text;
  JsonCallHead head(candidate_, options_.declared);
  const bool is_whole = head.read(n_calls_ == 0);
  if (!is_whole && head.is_part && candidate_.size() <= kMaxHead) return {};
  const std::string read = std::exchange(candidate_, {});
  json_part_ = is_whole ? JsonPart::Body : JsonPart::Text;
  if (!is_whole) return read;
  if (n_calls_ == 0) json_is_list_ = head.is_list;
  json_name_ = head.function;
  begin_call();
  state_ = State::Content;
  brackets_ = {};
  if (options_.stream_arguments) {
    emit(OutputEvent::Kind::CallBegin, json_name_);
    stream_.emplace(0, true);
  }
  return read.substr(head.arguments());
}

std::string OutputMachine::read_json_body(std::string_view text) {
  size_t n = 0;
  bool is_whole = false;
  while (n < text.size() && !is_whole) is_whole = brackets_.closes(text[n++]);
  body_ += text.substr(0, n);
  if (stream_) emit(OutputEvent::Kind::CallArguments, stream_->advance(body_));
  if (is_whole) end_json_call();
  return std::string(text.substr(n));
}

void OutputMachine::end_json_call() {
  CallBody call = read_call(body_, {true, false});
  call.name = json_name_;
  emit_call(std::move(call), body_);
  block();
  json_part_ = JsonPart::Close;
}

// The bracket that closes the call; in a list a comma, or the bracket that closes it.
std::string OutputMachine::read_behind_json(std::string_view text) {
  const size_t at = skip_blanks(text, 0);
  if (at == text.size()) return {};
  const char c = text[at];
  const JsonPart part = std::exchange(json_part_, JsonPart::Text);
  if (part == JsonPart::Close && c == '}')
    json_part_ = json_is_list_ ? JsonPart::Comma : JsonPart::Text;
  else if (part == JsonPart::Comma && c == ',')
    json_part_ = JsonPart::Head;
  else if (part != JsonPart::Comma || c != ']')
    return std::string(text.substr(at));
  return std::string(text.substr(at + 1));
}

}  // namespace facet::text
