#include "documents/markdown_inline.h"

#include <algorithm>

#include "base/append_utf8.h"
#include "documents/html_tokens.h"
#include "documents/markup.h"

namespace facet::documents {
namespace {

constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

bool is_word(char c) noexcept { return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80; }

// Words, or mark-up, of the paragraph in order. Emphasis that nothing closes is turned back into words.
struct Token {
  size_t begin = 0, end = 0;
  bool is_mark = false;
  MarkKind kind = MarkKind::Single;
  std::string name, words, written;
};

class InlineScanner {
 public:
  InlineScanner(std::string_view text, const LinkNames& names)
      : text_(text), names_(names), brackets_(text.size(), std::string_view::npos) {
    const size_t angle = text.rfind('>');
    last_angle_ = angle == std::string_view::npos ? 0 : angle;
    match_brackets();
  }

  std::vector<Token> scan() {
    while (at_ < text_.size()) step();
    drop_open(0);
    return std::move(tokens_);
  }

 private:
  struct LinkEnd {
    size_t begin, end;  // of what closes it
    size_t n_open;      // emphasis open outside
    std::string written;
  };

  char at(size_t i) const noexcept { return i < text_.size() ? text_[i] : '\n'; }

  void step() {
    while (!links_.empty() && at_ > links_.back().begin) links_.pop_back();  // code or a tag reached over its end
    if (!links_.empty() && at_ == links_.back().begin) return close_link();
    switch (text_[at_]) {
      case '\\':
        return take_escape();
      case '`':
        return take_code();
      case '*':
      case '_':
      case '~':
        return take_emphasis();
      case '[':
        return take_bracket(at_);
      case '!':
        return at(at_ + 1) == '[' ? take_bracket(at_ + 1) : take_words(1, "!");
      case '<':
        return take_html();
      case '&':
        return take_reference();
      case '$':
        return take_formula();
      case '\n':
      case ' ':
        return take_space();
      default:
        return take_plain();
    }
  }

  void take_words(size_t n, std::string words) {
    tokens_.push_back({at_, at_ + n, false, MarkKind::Single, {}, std::move(words), {}});
    at_ += n;
  }

  void take_mark(size_t end, MarkKind kind = MarkKind::Single, std::string name = {}, std::string written = {}) {
    tokens_.push_back({at_, end, true, kind, std::move(name), {}, std::move(written)});
    at_ = end;
  }

  void take_plain() {
    const std::string_view rest = text_.substr(at_);
    const bool is_start = at_ == 0 || !is_word(text_[at_ - 1]);
    if (is_start && (rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("www."))) {
      size_t n = std::min(rest.find_first_of(" \n<>)]|\"'*`"), rest.size());
      while (n > 1 && std::string_view(".,;:!?_~").find(rest[n - 1]) != std::string_view::npos) --n;
      if (!links_.empty()) n = std::min(n, links_.back().begin - at_);
      return take_mark(at_ + n);
    }
    size_t n = 1;
    while (n < rest.size() && is_word(rest[n]) == is_word(rest[0]) && !is_space(rest[n]) &&
           (is_word(rest[n]) || kPunctuation.find(rest[n]) == std::string_view::npos))
      ++n;
    take_words(n, std::string(rest.substr(0, n)));
  }

  void take_escape() {
    const char next = at(at_ + 1);
    if (next == '\n' && at_ + 1 < text_.size()) return take_mark(at_ + 2);
    const bool escapes = next != '\n' && kPunctuation.find(next) != std::string_view::npos;
    take_words(escapes ? 2 : 1, std::string(1, escapes ? next : '\\'));
  }

  // A run of backticks closes one of the same length; without that it is words.
  void take_code() {
    if (const size_t end = code_end(at_); end != std::string_view::npos) return take_mark(end);
    const size_t n = run_length(at_);
    take_words(n, std::string(n, '`'));
  }

  // npos: nothing closes it.
  size_t code_end(size_t begin) const noexcept {
    const size_t n = run_length(begin);
    for (size_t i = begin + n; (i = text_.find('`', i)) != std::string_view::npos;) {
      const size_t m = run_length(i);
      if (m == n) return i + m;
      i += m;
    }
    return std::string_view::npos;
  }

  size_t run_length(size_t i) const noexcept {
    size_t n = 1;
    while (i + n < text_.size() && text_[i + n] == text_[i]) ++n;
    return n;
  }

  void take_space() {
    size_t end = at_;
    while (end < text_.size() && text_[end] == ' ') ++end;
    const bool ends_line = end < text_.size() && text_[end] == '\n';
    if (ends_line && end - at_ >= 2) return take_mark(end + 1);
    const size_t n = std::max<size_t>(end - at_ + (ends_line ? 1 : 0), 1);
    take_words(n, " ");
  }

  void take_reference() {
    const Reference reference = reference_at(text_.substr(at_));
    std::string words;
    if (reference.n_bytes > 0) append_utf8(words, reference.code);
    take_words(std::max<size_t>(reference.n_bytes, 1), reference.n_bytes > 0 ? words : "&");
  }

  // $x + y$ and $$x$$; "$5 and $6" is none.
  void take_formula() {
    const size_t n = std::min<size_t>(run_length(at_), 2);
    const std::string_view near = text_.substr(at_, 1000);
    const size_t length = near.find(near.substr(0, n), n), close = at_ + length;
    const bool is_formula = length != std::string_view::npos && length > n &&
                            (n == 2 || (!is_space(text_[at_ + 1]) && !is_space(text_[close - 1]) &&
                                        !(at(close + 1) >= '0' && at(close + 1) <= '9')));
    if (is_formula) return take_mark(close + n);
    take_words(n, std::string(n, '$'));
  }

  // <https://example.org>, tags, comments.
  void take_html() {
    const char next = at(at_ + 1);
    const bool may_begin = is_word(next) || next == '/' || next == '!' || next == '?';
    const size_t close = may_begin && at_ < last_angle_ ? text_.find('>', at_) : std::string_view::npos;
    if (close == std::string_view::npos) return take_words(1, "<");
    const std::string_view inside = text_.substr(at_ + 1, close - at_ - 1);
    if (inside.find_first_of(":@") < inside.find_first_of(" \n\"=")) return take_mark(close + 1);
    const HtmlToken token = html_token(text_, at_, text_.size());
    if (token.kind == HtmlToken::Kind::Text) return take_words(1, "<");
    if (token.kind == HtmlToken::Kind::Other) return take_mark(token.range.end);
    const bool opens = token.kind == HtmlToken::Kind::OpenTag;
    if (opens && is_opaque_element(token.name)) return take_mark(html_element_end(text_, token, text_.size()));
    const bool is_single = is_void_element(token.name) || token.is_closed;
    take_mark(token.range.end,
              is_single ? MarkKind::Single
              : opens   ? MarkKind::Open
                        : MarkKind::Close,
              '<' + token.name);
  }

  // A run of * or _ may close what is open, innermost first, and open with what remains.
  void take_emphasis() {
    const char c = text_[at_];
    size_t n = run_length(at_);
    const char before = at_ == 0 ? ' ' : text_[at_ - 1], after = at(at_ + n);
    if (c == '~' && n != 2) return take_words(n, std::string(n, '~'));
    const bool can_open = !is_space(after) && (c != '_' || !is_word(before));
    const bool can_close = !is_space(before) && (c != '_' || !is_word(after));
    const size_t floor = links_.empty() ? 0 : links_.back().n_open;
    while (n > 0 && can_close) {
      size_t i = open_.size();
      while (i > floor && i + 16 > open_.size() && text_[tokens_[open_[i - 1]].begin] != c) --i;
      if (i <= floor || text_[tokens_[open_[i - 1]].begin] != c) break;
      const std::string name = tokens_[open_[i - 1]].name;
      if (name.size() > n) break;
      drop_open(i);
      open_.pop_back();
      take_mark(at_ + name.size(), MarkKind::Close, name);
      n -= name.size();
    }
    if (n == 0) return;
    if (!can_open || n > 3) return take_words(n, std::string(n, c));
    open_.push_back(tokens_.size());
    take_mark(at_ + n, MarkKind::Open, std::string(n, c));
  }

  // Emphasis opened at or after open_[first] was none.
  void drop_open(size_t first) {
    for (size_t i = first; i < open_.size(); ++i) {
      Token& token = tokens_[open_[i]];
      token.is_mark = false;
      token.words = token.name;
    }
    open_.resize(std::min(first, open_.size()));
  }

  // Pairs of [ and ], in one pass.
  void match_brackets() {
    std::vector<size_t> open;
    for (size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '\\')
        ++i;
      else if (text_[i] == '`')
        i = (code_end(i) != std::string_view::npos ? code_end(i) : i + run_length(i)) - 1;
      else if (text_[i] == '[')
        open.push_back(i);
      else if (text_[i] == ']' && !open.empty()) {
        brackets_[open.back()] = i;
        open.pop_back();
      }
    }
  }

  // After the ) that belongs to the ( at i, or npos. Targets are not longer than a few thousand characters.
  size_t target_end(size_t i) const noexcept {
    constexpr size_t kLongest = 4096;
    int depth = 0;
    char quote = 0;
    for (const size_t end = std::min(text_.size(), i + kLongest); i < end; ++i) {
      const char c = text_[i];
      if (c == '\\')
        ++i;
      else if (quote != 0)
        quote = c == quote ? 0 : quote;
      else if (c == '"' && is_space(text_[i - 1]))
        quote = c;
      else if (c == '(')
        ++depth;
      else if (c == ')' && --depth == 0)
        return i + 1;
    }
    return std::string_view::npos;
  }

  // [text](target), [text][name], [name][], [name], ![...] of each, [^note]; other brackets are words.
  void take_bracket(size_t open) {
    const size_t close = brackets_[open];
    const size_t limit = links_.empty() ? text_.size() : links_.back().begin;
    const auto take_as_words = [&] { take_words(open + 1 - at_, open > at_ ? "![" : "["); };
    if (close == std::string_view::npos || close >= limit) return take_as_words();
    if (close == open + 1) {  // a picture without a description
      const size_t end = at(close + 1) == '(' ? target_end(close + 1) : std::string_view::npos;
      return end != std::string_view::npos && end <= limit ? take_mark(end) : take_as_words();
    }
    if (at(open + 1) == '^') return take_mark(close + 1);
    const std::string_view inside = text_.substr(open + 1, close - open - 1);
    size_t end = std::string_view::npos;
    std::string written;
    if (at(close + 1) == '(') {
      end = target_end(close + 1);
    } else if (at(close + 1) == '[' && brackets_[close + 1] != std::string_view::npos) {
      end = brackets_[close + 1] + 1;
      if (end == close + 3) written = with_name(inside);
    } else if (names_.contains(link_name(inside))) {
      end = close + 1;
      written = with_name(inside);
    }
    if (end == std::string_view::npos || end > limit || links_.size() > 8) return take_as_words();
    take_mark(open + 1, MarkKind::Open, "[");
    links_.push_back({close, end, open_.size(), std::move(written)});
  }

  // The name of a link must stay when its text changes.
  static std::string with_name(std::string_view name) { return "][" + std::string(name) + "]"; }

  void close_link() {
    drop_open(links_.back().n_open);
    LinkEnd link = std::move(links_.back());
    links_.pop_back();
    take_mark(link.end, MarkKind::Close, "[", std::move(link.written));
  }

  std::string_view text_;
  const LinkNames& names_;
  std::vector<size_t> brackets_;  // of each [, its ]
  std::vector<Token> tokens_;
  std::vector<size_t> open_;  // tokens that open emphasis
  std::vector<LinkEnd> links_;
  size_t at_ = 0;
  size_t last_angle_;  // the last ">"; 0: there is none
};

}  // namespace

void InlineText::add_line(Range line) {
  if (!text_.empty()) {
    text_ += '\n';
    places_.push_back(end_);
  }
  text_ += line.of(source_);
  for (size_t i = line.begin; i < line.end; ++i) places_.push_back(i);
  end_ = line.end;
}

Range InlineText::range(size_t begin, size_t end) const noexcept {
  return {places_[begin], end < places_.size() ? places_[end] : end_};
}

std::string link_name(std::string_view text) { return lower_case(collapse_spaces(text)); }

void split_inline(const InlineText& text, const LinkNames& names, Writing writing, Layout& layout) {
  if (text.empty()) return;
  SegmentBuilder builder(text.source(), layout, writing);
  for (Token& token : InlineScanner(text.text(), names).scan()) {
    const Range range = text.range(token.begin, token.end);
    if (token.is_mark)
      builder.add_mark(range, token.kind, token.name, std::move(token.written));
    else
      builder.add_words(range, token.words);
  }
  builder.finish();
}

}  // namespace facet::documents
