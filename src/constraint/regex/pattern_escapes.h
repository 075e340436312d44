// The characters of a pattern: UTF-8 decoded, escapes understood. Internal to regex/.
#pragma once

#include <optional>
#include <string_view>

#include "constraint/regex/characters.h"

namespace facet::constraint {

// A place in a pattern that moves forward.
class PatternText {
 public:
  explicit PatternText(std::string_view text) : text_(text) {}

  bool at_end() const noexcept { return at_ == text_.size(); }
  size_t place() const noexcept { return at_; }
  bool next_is(std::string_view what) const noexcept { return text_.substr(at_).starts_with(what); }
  bool skip(std::string_view what);
  void go_back_to(size_t place) noexcept { at_ = place; }
  std::string_view rest() const noexcept { return text_.substr(at_); }
  char32_t character();              // decodes one
  std::optional<int> number();       // decimal digits, if there are any; at most 999,999,999
  std::string_view until(char end);  // up to `end`, which is passed
  [[noreturn]] void fail(std::string_view what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(size_t place, std::string_view what) const;

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// Behind a backslash: the set of characters. What is no character (\b \B \1 \k) is the caller's.
CharacterSet read_escape(PatternText& text);
// Behind "[": up to the closing bracket. Letters in either case, if so asked.
CharacterSet read_class(PatternText& text, bool ignore_case);

}  // namespace facet::constraint
