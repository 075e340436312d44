#include "constraint/regex/pattern_escapes.h"

#include <algorithm>
#include <string>

#include "constraint/regex/character_classes.h"
#include "constraint/regex/pattern_tree.h"

namespace facet::constraint {
namespace {

constexpr int kMaxPatternNumber = 999'999'999;

bool is_high_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool is_low_surrogate(char32_t c) { return c >= 0xDC00 && c <= 0xDFFF; }
bool is_ascii_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The value of the hexadecimal digits at the front; nothing if they are fewer than min_digits.
std::optional<char32_t> hex_number(PatternText& text, size_t min_digits, size_t max_digits) {
  const std::string_view rest = text.rest();
  char32_t value = 0;
  size_t n = 0;
  for (; n < std::min(max_digits, rest.size()) && hex_value(rest[n]) >= 0; ++n)
    value = value * 16 + static_cast<char32_t>(hex_value(rest[n]));
  if (n < min_digits) return {};
  text.go_back_to(text.place() + n);
  return value;
}

// Behind \u: XXXX, XXXX\uXXXX or {X...}
char32_t unicode_escape(PatternText& text) {
  const size_t begin = text.place();
  if (text.skip("{")) {
    const auto value = hex_number(text, 1, 6);
    if (!value || *value > 0x10FFFF || !text.skip("}"))
      text.fail_at(begin, "expected \\u{...} with a code point up to 10FFFF");
    return *value;
  }
  const auto unit = hex_number(text, 4, 4);
  if (!unit) text.fail_at(begin, "expected four hexadecimal digits behind \\u");
  const size_t behind = text.place();
  if (is_high_surrogate(*unit) && text.skip("\\u")) {
    const auto low = hex_number(text, 4, 4);
    if (low && is_low_surrogate(*low)) return 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
    text.go_back_to(behind);
  }
  return *unit;
}

CharacterSet property_escape(PatternText& text, bool is_negated) {
  const size_t begin = text.place();
  std::string name;
  if (text.skip("{"))
    name = text.until('}');
  else
    name = static_cast<char>(std::min<char32_t>(text.character(), 0x7F));
  const bool is_inverse = name.starts_with('^');
  if (is_inverse) name.erase(0, 1);
  const auto set = property_class(name);
  if (!set)
    text.fail_at(begin, "this \\p property is not supported: general categories are, such as \\p{L} or \\p{Lu}");
  return is_negated != is_inverse ? complement(*set) : *set;
}

// The classes named by one letter; a capital is the complement.
std::optional<CharacterSet> letter_class(char32_t letter) {
  switch (letter) {
    case 'd':
      return digit_class();
    case 'w':
      return word_class();
    case 's':
      return space_class();
    case 'D':
    case 'W':
    case 'S':
      return complement(*letter_class(letter | 0x20));
    default:
      return {};
  }
}

std::optional<char32_t> control_character(char32_t letter) {
  switch (letter) {
    case 't':
      return U'\t';
    case 'n':
      return U'\n';
    case 'v':
      return U'\v';
    case 'f':
      return U'\f';
    case 'r':
      return U'\r';
    default:
      return {};
  }
}

char32_t single_escape(PatternText& text, size_t begin, char32_t letter) {
  if (const auto control = control_character(letter)) return *control;
  switch (letter) {
    case '0':
      if (!text.at_end() && text.rest()[0] >= '0' && text.rest()[0] <= '9')
        text.fail_at(begin, "octal escapes are not supported: use \\xNN");
      return 0;
    case 'c':
      if (!text.at_end() && is_ascii_letter(static_cast<unsigned char>(text.rest()[0]))) return text.character() & 0x1F;
      text.fail_at(begin, "expected a letter behind \\c");
    case 'x':
      if (const auto value = hex_number(text, 2, 2)) return *value;
      text.fail_at(begin, "expected two hexadecimal digits behind \\x");
    case 'u':
      return unicode_escape(text);
    default:
      if (is_ascii_letter(letter))
        text.fail_at(begin, "unknown escape: a letter stands for itself without a backslash");
      return letter;
  }
}

struct ClassPart {
  CharacterSet set;
  bool is_single;  // may begin or end a range
};

ClassPart class_part(PatternText& text) {
  if (!text.skip("\\")) {
    const char32_t c = text.character();
    return {{{c, c}}, true};
  }
  if (text.skip("b")) return {{{'\b', '\b'}}, true};
  CharacterSet set = read_escape(text);
  const bool is_single = set.size() == 1 && set[0].first == set[0].last;
  return {std::move(set), is_single};
}

}  // namespace

bool PatternText::skip(std::string_view what) {
  const bool is_there = next_is(what);
  if (is_there) at_ += what.size();
  return is_there;
}

void PatternText::fail_at(size_t place, std::string_view what) const { fail_in_pattern(text_, place, what); }

char32_t PatternText::character() {
  if (at_end()) fail("the pattern ends too early");
  const auto byte = [&](size_t i) { return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0u; };
  const unsigned lead = byte(0);
  const size_t n = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  char32_t c = n == 1 ? lead : lead & (0x7Fu >> n);
  bool is_good = n > 0;
  for (size_t i = 1; i < n; ++i) {
    is_good = is_good && (byte(i) & 0xC0) == 0x80;
    c = c << 6 | (byte(i) & 0x3F);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (!is_good || c < kLeast[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) fail("the pattern is not valid UTF-8");
  at_ += n;
  return c;
}

std::optional<int> PatternText::number() {
  const size_t begin = at_;
  int value = 0;
  for (; !at_end() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
    value = value > kMaxPatternNumber / 10 ? kMaxPatternNumber : value * 10 + (text_[at_] - '0');
  if (at_ == begin) return {};
  return std::min(value, kMaxPatternNumber);
}

std::string_view PatternText::until(char end) {
  const size_t found = text_.find(end, at_);
  if (found == std::string_view::npos) fail(std::string("expected '") + end + "' further on");
  const std::string_view out = text_.substr(at_, found - at_);
  at_ = found + 1;
  return out;
}

CharacterSet read_escape(PatternText& text) {
  const size_t begin = text.place();
  if (text.at_end()) text.fail("the pattern ends with a backslash: write \\\\ for one");
  const char32_t letter = text.character();
  if (letter == 'p' || letter == 'P') return property_escape(text, letter == 'P');
  if (auto set = letter_class(letter)) return *set;
  const char32_t c = single_escape(text, begin, letter);
  return {{c, c}};
}

CharacterSet read_class(PatternText& text, bool ignore_case) {
  const size_t begin = text.place() - 1;
  const bool is_negated = text.skip("^");
  CharacterSet all;
  while (!text.skip("]")) {
    if (text.at_end()) text.fail_at(begin, "this class has no closing ']'");
    const size_t place = text.place();
    ClassPart part = class_part(text);
    const size_t behind = text.place();
    if (part.is_single && text.skip("-") && !text.next_is("]") && !text.at_end()) {
      const ClassPart last = class_part(text);
      if (last.is_single) {
        part.set[0].last = last.set[0].first;
        if (part.set[0].last < part.set[0].first) text.fail_at(place, "this range is the wrong way round");
      } else {
        text.go_back_to(behind);  // [a-\d]: three things that may come
      }
    } else {
      text.go_back_to(behind);
    }
    all.insert(all.end(), part.set.begin(), part.set.end());
  }
  all = ignore_case ? without_case(all) : normalized(std::move(all));
  return is_negated ? complement(all) : all;
}

}  // namespace facet::constraint
