#include "text/call_stream.h"

#include <algorithm>

#include "text/call_reader.h"
#include "text/chat_value.h"
#include "text/json_text.h"

namespace facet::text {
namespace {

// The part of an unfinished string that belongs to it whatever follows. If it is never closed, the brackets at its end
// close the call; if a key follows them, the string lacked its end.
size_t certain_length(std::string_view s) {
  const size_t all = trim_back(s).size();
  size_t end = skip_blanks_back(s, all);
  if (end > 0 && s[end - 1] == ':') end = skip_blanks_back(s, end - 1);
  while (end > 0 && is_key_char(s[end - 1])) --end;
  end = skip_blanks_back(s, end);
  end = end > 0 && s[end - 1] == ',' ? end - 1 : all;
  while (end > 0 && (is_blank(s[end - 1]) || is_closer(s[end - 1]))) --end;
  return end;
}

// A half of a pair of \u escapes: its third digit is among `digits`.
bool is_surrogate(std::string_view escape, std::string_view digits) {
  return escape.size() >= 4 && (escape[2] | 0x20) == 'd' && digits.find(escape[3]) != std::string_view::npos;
}

// How many characters at the beginning have to be unescaped together; more than there are: it is not known yet.
size_t escape_length(std::string_view s) {
  if (s[0] != '\\') return 1;
  if (s.size() < 2 || s[1] != 'u') return 2;
  if (s.size() < 6) return 6;
  if (s.substr(2, 4).find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return 1;  // as it stands
  const std::string_view next = s.substr(6, 6);
  if (!is_surrogate(s, "89abAB") || !std::string_view("\\u").starts_with(next.substr(0, 2))) return 6;
  return next.size() < 6 || is_surrogate(next, "cdefCDEF") ? 12 : 6;
}

// How much of `s`, at most `length`, can be unescaped by itself.
size_t whole_escapes(std::string_view s, size_t length) {
  size_t at = 0;
  while (at < length) {
    const size_t n = escape_length(s.substr(at));
    if (at + n > length) break;
    at += n;
  }
  return at;
}

}  // namespace

ArgumentStream::ArgumentStream(size_t at, bool is_json)
    : at_(at + 1), is_json_(is_json), open_{{'{', false}}, given_("{") {}

std::string ArgumentStream::advance(std::string_view body) {
  while (step(body)) {
  }
  return given_.substr(std::exchange(n_taken_, given_.size()));
}

bool ArgumentStream::step(std::string_view body) {
  switch (next_) {
    case Next::Element:
      return element(body);
    case Next::Value:
      return value(body);
    case Next::String:
      return is_json_ ? json_string_part(body) : string(body);
    case Next::Nothing:
      break;
  }
  return false;
}

void ArgumentStream::separate() {
  if (std::exchange(open_.back().has_elements, true)) given_ += ',';
}

// Text of a string, without the quotes around it.
void ArgumentStream::give_inside(const std::string& text) {
  const std::string quoted = json_string(text);
  given_.append(quoted, 1, quoted.size() - 2);
}

// A key, an element of a list, or the end of what is open.
bool ArgumentStream::element(std::string_view body) {
  while (at_ < body.size() && (is_blank(body[at_]) || body[at_] == ',')) ++at_;
  if (at_ == body.size()) return false;
  const char c = body[at_];
  if (c == closer_of(open_.back().opener)) return close();
  if (is_closer(c)) return ++at_, true;
  if (open_.back().opener == '{') return key(body);
  separate();
  next_ = Next::Value;
  return true;
}

// The last bracket is given when the call has ended.
bool ArgumentStream::close() {
  ++at_;
  if (open_.size() == 1) {
    next_ = Next::Nothing;
    return false;
  }
  given_ += closer_of(open_.back().opener);
  open_.pop_back();
  return true;
}

bool ArgumentStream::key(std::string_view body) {
  const char c = body[at_];
  if (c == '\'') return false;
  std::string key;
  size_t end = 0;
  if (c == kQuote || c == '"') {
    end = c == kQuote ? body.find(kQuote, at_ + 1) : find_unescaped(body, '"', at_ + 1);
    if (end == std::string_view::npos) return false;
    key = body.substr(at_ + 1, end - at_ - 1);
    if (c == '"') key = unescape_json(spell_quotes(key));
    end = skip_blanks(body, end + 1);
  } else {
    end = std::min(body.find_first_of(":=,{}[]", at_), body.size());
    key = trim(body.substr(at_, end - at_));
    std::erase(key, kQuote);
  }
  if (end == body.size() || (body[end] != ':' && body[end] != '=')) return false;
  at_ = end + 1;
  separate();
  given_ += json_string(key) + ":";
  next_ = Next::Value;
  return true;
}

bool ArgumentStream::value(std::string_view body) {
  at_ = skip_blanks(body, at_);
  if (at_ == body.size()) return false;
  const char c = body[at_];
  if (c == kQuote || (c == '"' && is_json_)) {
    ++at_;
    given_ += '"';
    next_ = Next::String;
    return true;
  }
  if (c == '"') {
    const size_t end = find_unescaped(body, '"', at_ + 1);
    if (end == std::string_view::npos) return false;
    given_ += json_string(unescape_json(spell_quotes(body.substr(at_ + 1, end - at_ - 1))));
    at_ = end + 1;
  } else if (c == '{' || c == '[') {
    if (open_.size() >= kMaxCallDepth) return false;
    open_.push_back({c, false});
    given_ += c;
    ++at_;
  } else if (c == '\'' || !bare(body)) {
    return false;
  }
  next_ = Next::Element;
  return true;
}

// Up to what ends it for certain: in an object a comma does so only where a key follows.
bool ArgumentStream::bare(std::string_view body) {
  const bool in_list = open_.back().opener == '[';
  const size_t end = body.find_first_of("}],", at_);
  if (end == std::string_view::npos) return false;
  if (body[end] == ',' && !in_list) {
    const size_t next = skip_blanks(body, end + 1);
    if (next == body.size()) return false;
    const bool ends = body[next] == ',' || body[next] == kQuote || is_closer(body[next]);
    if (!ends && !key_follows(body, next)) return false;
  }
  const std::string run(trim(body.substr(at_, end - at_)));
  if (run.find(kQuote) != std::string::npos) return false;
  given_ += chat_json_text(call_scalar(run));
  at_ = end;
  return true;
}

// Between quote tokens: character by character.
bool ArgumentStream::string(std::string_view body) {
  const size_t end = body.find(kQuote, at_);
  const std::string_view rest = body.substr(at_, std::min(end, body.size()) - at_);
  if (end == std::string_view::npos) {
    const size_t n = certain_length(rest);
    give_inside(std::string(rest.substr(0, n)));
    at_ += n;
    return false;
  }
  size_t n = rest.size(), n_read = n + 1;
  if (const auto cut = swallowed_key(rest)) {
    const size_t behind = skip_blanks(body, end + 1);
    if (behind == body.size()) return false;
    if (body[behind] != ',' && !is_closer(body[behind])) n = n_read = *cut;
  }
  give_inside(std::string(rest.substr(0, n)));
  given_ += '"';
  at_ += n_read;
  next_ = Next::Element;
  return true;
}

bool ArgumentStream::json_string_part(std::string_view body) {
  const size_t end = find_unescaped(body, '"', at_);
  const bool is_whole = end != std::string_view::npos;
  const std::string_view rest = body.substr(at_, (is_whole ? end : body.size()) - at_);
  const size_t n = is_whole ? rest.size() : whole_escapes(rest, certain_length(rest));
  give_inside(unescape_json(rest.substr(0, n)));
  at_ += n;
  if (!is_whole) return false;
  given_ += '"';
  ++at_;
  next_ = Next::Element;
  return true;
}

}  // namespace facet::text
