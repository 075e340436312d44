#include "constraint/grammar/notation.h"

#include <algorithm>

#include "base/append_utf8.h"
#include "base/error.h"

namespace facet::constraint {
namespace {

// Of a character that is longer than a byte: how long, by its first byte; 0: no character begins so.
size_t notation_character_bytes(unsigned char lead) {
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

bool is_scalar_value(char32_t c) { return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff); }

int hexadecimal_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool is_ascii_punctuation(char c) {
  return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
}

}  // namespace

bool NotationReader::take(std::string_view what) noexcept {
  if (!is_at(what)) return false;
  at_ += what.size();
  return true;
}

void NotationReader::expect(std::string_view what, std::string_view why) {
  if (!take(what)) fail(fmt::format("expected {} {}, found {}", what, why, found()));
}

void NotationReader::skip_blanks(bool lines) {
  for (; !at_end(); ++at_) {
    if (is_at("#") || (!comment_.empty() && is_at(comment_))) at_ = std::min(text_.find('\n', at_), text_.size());
    const char c = peek();
    if (c != ' ' && c != '\t' && c != '\r' && !(lines && c == '\n')) return;
  }
}

bool NotationReader::next_alternative() {
  const size_t place = at_;
  skip_blanks(true);
  if (take("|")) return true;
  at_ = place;
  return false;
}

char32_t NotationReader::plain_character() {
  if (at_end()) fail("the text ends inside a literal");
  const auto lead = static_cast<unsigned char>(text_[at_]);
  if (lead < 0x80) return static_cast<char32_t>(text_[at_++]);
  const size_t n_bytes = notation_character_bytes(lead);
  if (n_bytes == 0 || text_.size() - at_ < n_bytes) fail("not valid UTF-8");
  char32_t c = lead & (0xffu >> (n_bytes + 1));
  for (size_t i = 1; i < n_bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text_[at_ + i]);
    if ((byte & 0xc0) != 0x80) fail("not valid UTF-8");
    c = c << 6 | (byte & 0x3f);
  }
  if (!is_scalar_value(c) || c < (n_bytes == 4 ? 0x10000u : n_bytes == 3 ? 0x800u : 0x80u)) fail("not valid UTF-8");
  at_ += n_bytes;
  return c;
}

char32_t NotationReader::character() {
  if (peek() != '\\') return plain_character();
  const char c = peek(1);
  at_ += at_ + 1 < text_.size() ? 2 : 1;
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'f':
      return '\f';
    case 'v':
      return '\v';
    case 'x':
      return hexadecimal(2);
    case 'u':
      return hexadecimal(4);
    case 'U':
      return hexadecimal(8);
    default:
      if (is_ascii_punctuation(c)) return static_cast<char32_t>(c);
      --at_;
      fail(fmt::format("expected n, r, t, f, v, x, u, U or punctuation behind \\, found {}", found()));
  }
}

char32_t NotationReader::hexadecimal(int n_digits) {
  char32_t c = 0;
  for (int i = 0; i < n_digits; ++i, ++at_) {
    const int digit = hexadecimal_digit(peek());
    if (digit < 0) fail(fmt::format("expected {} hexadecimal digits, found {}", n_digits, found()));
    c = c << 4 | static_cast<char32_t>(digit);
  }
  if (!is_scalar_value(c)) fail_at(at_ - static_cast<size_t>(n_digits), "the escape stands for no character");
  return c;
}

std::string NotationReader::quoted() {
  const size_t begin = at_ - 1;
  std::string out;
  while (!take("\"")) {
    if (at_end() || peek() == '\n') fail_at(begin, "the literal has no closing quote in its line");
    append_utf8(out, character());
  }
  return out;
}

int NotationReader::count() {
  const size_t begin = at_;
  int n = 0;
  for (; peek() >= '0' && peek() <= '9'; ++at_) {
    n = n * 10 + (peek() - '0');
    if (n > kMaxRepetitions) fail_at(begin, fmt::format("counts go up to {}", kMaxRepetitions));
  }
  return at_ == begin ? -1 : n;
}

void NotationReader::fail_at(size_t place, std::string_view what) const {
  const std::string_view before = text_.substr(0, place);
  const auto n_lines = std::count(before.begin(), before.end(), '\n');
  const std::string_view line = before.substr(before.rfind('\n') + 1);
  // Characters, not bytes: continuation bytes are not counted.
  const auto n_columns = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
  throw_error<RequestError>("line {}, column {}: {}", n_lines + 1, n_columns + 1, what);
}

std::string NotationReader::found() const {
  if (at_end()) return "the end of the text";
  if (peek() == '\n') return "the end of the line";
  const size_t n_bytes = std::max<size_t>(notation_character_bytes(static_cast<unsigned char>(peek())), 1);
  return fmt::format("'{}'", text_.substr(at_, n_bytes));
}

}  // namespace facet::constraint
