#include "text/call_reader.h"

#include <algorithm>

#include "base/error.h"
#include "text/call_syntax.h"
#include "text/chat_value.h"
#include "text/json_text.h"

namespace facet::text {
namespace {

// Without a prefix only this makes a name: prose, of any language, must not.
bool is_function_name(std::string_view name) {
  const auto is_name_char = [](char c) { return static_cast<unsigned char>(c) < 0x80 && (is_key_char(c) || c == ':'); };
  return !name.empty() && is_identifier_start(name[0]) && std::all_of(name.begin(), name.end(), is_name_char);
}

class CallReader {
 public:
  CallReader(std::string_view body, const CallForm& form) : text_(body), form_(form) {}

  CallBody read() {
    text_ = trim(text_);
    if (form_.is_json) {
      if (!text_.empty()) arguments();
      return std::move(out_);
    }
    if (text_.starts_with('{')) return json_call();
    const bool has_prefix = skip("call:") || skip(":");
    const size_t name_end = std::min(text_.find_first_of("{(", at_), text_.size());
    const std::string_view name = trim(text_.substr(at_, name_end - at_));
    if (name.empty() || name.find_first_of(std::string{'\n', kQuote}) != std::string_view::npos) return {};
    if (!has_prefix && !is_function_name(name)) return {};
    out_.name = name;
    at_ = name_end;
    if (at_ < text_.size()) arguments();
    return std::move(out_);
  }

 private:
  // {"name": ..., "arguments": {...}}
  CallBody json_call() {
    try {
      ChatJson call = parse_chat_json(text_);
      ChatJson arguments = member(call, "arguments");
      if (arguments.is_string()) arguments = parse_chat_json(arguments.get_ref<const std::string&>());
      if (!member(call, "name").is_string() || !arguments.is_object()) return {};
      return {call["name"].get<std::string>(), std::move(arguments), true, false, false, text_.size()};
    } catch (const RequestError&) {
      return {};
    }
  }

  void arguments() {
    const char opener = text_[at_++];
    if (opener == '(' && peek_is('{')) {
      open_.push_back('(');
      ++at_;
      out_.arguments = pairs('{');
      skip_separators();
      if (at_ < text_.size() && text_[at_] == ')')
        ++at_;
      else
        out_.is_closed = false;
    } else {
      out_.arguments = pairs(opener);
    }
    out_.end = at_;
  }

  bool skip(std::string_view prefix) {
    if (text_.substr(at_, prefix.size()) != prefix) return false;
    at_ += prefix.size();
    return true;
  }
  bool peek_is(char c) {
    at_ = skip_blanks(text_, at_);
    return at_ < text_.size() && text_[at_] == c;
  }
  void skip_separators() {
    while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == ',')) ++at_;
  }

  // Behind the opening bracket, up to its closer; other brackets are passed over.
  template <class Element>
  void elements(char opener, Element&& element) {
    open_.push_back(opener);
    for (;;) {
      skip_separators();
      if (at_ == text_.size()) {
        out_.is_closed = false;
        break;
      }
      const char c = text_[at_];
      if (c == closer_of(opener)) {
        ++at_;
        out_.is_closed = true;
        break;
      }
      if (is_closer(c)) {
        ++at_;
        out_.is_repaired = true;
      } else {
        element();
      }
    }
    open_.pop_back();
  }

  ChatJson pairs(char opener) {
    ObjectBuilder object(form_.keeps_repeated);
    elements(opener, [&] {
      if (auto key = this->key()) object.set(std::move(*key), value(false));
    });
    return object.take();
  }

  ChatJson list() {
    ChatJson array = ChatJson::array();
    elements('[', [&] { array.push_back(value(true)); });
    return array;
  }

  // A key with its separator. What is neither is passed over.
  std::optional<std::string> key() {
    std::string key;
    const char c = text_[at_];
    if (c == kQuote || c == '"' || c == '\'') {
      ++at_;
      key = c == kQuote ? quoted_key() : c == '"' ? json_quoted() : single_quoted();
    } else {
      const size_t end =
          std::min(text_.find_first_of(open_.back() == '(' ? ":=,{}[]()" : ":=,{}[]", at_), text_.size());
      key = trim(text_.substr(at_, end - at_));
      std::erase(key, kQuote);
      at_ = end;
      if (at_ < text_.size() && text_[at_] != ':' && text_[at_] != '=' && !is_closer(text_[at_])) {
        ++at_;  // a comma, or an opening bracket without a key
        return passed_over();
      }
    }
    if (!peek_is(':') && !peek_is('=')) return passed_over();
    ++at_;
    return key;
  }

  std::nullopt_t passed_over() {
    out_.is_repaired = true;
    return std::nullopt;
  }

  ChatJson value(bool in_list) {
    at_ = skip_blanks(text_, at_);
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == kQuote) return ++at_, quoted();
    if (c == '"') return ++at_, json_quoted();
    if (c == '\'') return ++at_, single_quoted();
    if (open_.size() < kMaxCallDepth && c == '{') return ++at_, pairs('{');
    if (open_.size() < kMaxCallDepth && c == '[') return ++at_, list();
    return bare(in_list);
  }

  // Between quote tokens: as it stands.
  std::string quoted() {
    const size_t begin = at_, end = text_.find(kQuote, at_);
    if (end == std::string_view::npos) {
      out_.ends_in_string = true;
      return unclosed(begin);
    }
    const std::string_view string = text_.substr(begin, end - begin);
    const size_t behind = skip_blanks(text_, end + 1);
    const bool is_delimited = behind == text_.size() || text_[behind] == ',' || is_closer(text_[behind]);
    if (const auto cut = is_delimited ? std::nullopt : swallowed_key(string)) {
      out_.is_repaired = true;
      at_ = begin + *cut;
      return std::string(string.substr(0, *cut));
    }
    at_ = end + 1;
    return std::string(string);
  }

  std::string quoted_key() {
    const size_t begin = at_, end = text_.find(kQuote, at_);
    out_.ends_in_string = end == std::string_view::npos;
    at_ = out_.ends_in_string ? text_.size() : end + 1;
    return std::string(text_.substr(begin, at_ - begin - (out_.ends_in_string ? 0 : 1)));
  }

  // A string that is never closed takes all there is, but for the brackets at the end that close what is open.
  std::string unclosed(size_t begin) {
    out_.is_repaired = true;
    at_ = text_.size();
    std::vector<size_t> closers;  // their places, from the last one on
    for (size_t end = text_.size(); closers.size() < open_.size();) {
      end = skip_blanks_back(text_, end);
      if (end <= begin || !is_closer(text_[end - 1])) break;
      closers.push_back(--end);
    }
    for (size_t n = closers.size(); n > 0; --n) {
      bool fits = true;
      for (size_t i = 0; i < n; ++i) fits = fits && text_[closers[n - 1 - i]] == closer_of(open_[open_.size() - 1 - i]);
      if (fits) return spell_quotes(text_.substr(begin, closers[n - 1] - begin));
    }
    return spell_quotes(text_.substr(begin));
  }

  std::string json_quoted() {
    const size_t begin = at_, end = find_unescaped(text_, '"', at_);
    if (end == std::string_view::npos) return form_.is_json ? unescape_json(unclosed(begin)) : unclosed(begin);
    at_ = end + 1;
    return unescape_json(spell_quotes(text_.substr(begin, end - begin)));
  }

  std::string single_quoted() {
    const size_t begin = at_, end = find_unescaped(text_, '\'', at_);
    if (end == std::string_view::npos) return unclosed(begin);
    at_ = end + 1;
    if (at_ < text_.size() && text_[at_] == kQuote) ++at_;
    return spell_quotes(text_.substr(begin, end - begin));
  }

  ChatJson bare(bool in_list) {
    const size_t begin = at_;
    while (at_ < text_.size() && !ends_bare(in_list)) ++at_;
    std::string_view run = trim(text_.substr(begin, at_ - begin));
    if (run.ends_with(kQuote)) run = trim(run.substr(0, run.size() - 1));
    return call_scalar(spell_quotes(run));
  }

  bool ends_bare(bool in_list) const {
    const char c = text_[at_];
    if (c == '}' || c == ']') return true;
    if (c == ')') return open_.back() == '(';
    if (c != ',' || in_list) return c == ',';
    const size_t next = skip_blanks(text_, at_ + 1);
    if (next == text_.size() || text_[next] == ',' || text_[next] == kQuote || is_closer(text_[next])) return true;
    return key_follows(text_, next);
  }

  std::string_view text_;
  CallForm form_;
  size_t at_ = 0;
  std::string open_;  // the brackets that are open
  CallBody out_;
};

}  // namespace

CallBody read_call(std::string_view body, const CallForm& form) { return CallReader(body, form).read(); }

std::string spell_quotes(std::string_view body) {
  std::string out(body);
  std::replace(out.begin(), out.end(), kQuote, '"');
  return out;
}

}  // namespace facet::text
