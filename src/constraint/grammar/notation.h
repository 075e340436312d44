// A grammar's text as its parsers read it: character by character, with the place of everything for messages, and the
// escapes that the notations share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace facet::constraint {

class NotationReader {
 public:
  // comment: what begins one, beside "#"; "": nothing else.
  explicit NotationReader(std::string_view text, std::string_view comment = "") noexcept
      : text_(text), comment_(comment) {}

  size_t at() const noexcept { return at_; }
  void go_to(size_t place) noexcept { at_ = place; }
  std::string_view since(size_t place) const noexcept { return text_.substr(place, at_ - place); }
  bool at_end() const noexcept { return at_ == text_.size(); }
  char peek(size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool is_at(std::string_view what) const noexcept { return text_.substr(at_, what.size()) == what; }
  bool take(std::string_view what) noexcept;  // goes behind it, if it stands here
  void expect(std::string_view what, std::string_view why);
  template <class Predicate>
  std::string_view take_while(Predicate&& is_part) {
    const size_t begin = at_;
    while (!at_end() && is_part(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  void skip_blanks(bool lines);  // and comments; line ends too if `lines`
  // Goes behind a `|`, which may stand in a later line; stays where it is if there is none.
  bool next_alternative();

  // The next character, as it stands or as the escape that stands for it: \n \r \t \f \v, \xNN, \uNNNN, \UNNNNNNNN
  // (code points), and punctuation, which stands for itself.
  char32_t character();
  char32_t plain_character();
  // The text up to the closing quote, as UTF-8. Reads from behind the opening one.
  std::string quoted();
  // A count, as in {3}; -1 if no digit stands here.
  int count();

  // Throw RequestError: "line 3, column 5: " and what is wrong there.
  [[noreturn]] void fail(std::string_view what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(size_t place, std::string_view what) const;
  // What stands here, for messages: a character in quotes, or the end.
  std::string found() const;

 private:
  char32_t hexadecimal(int n_digits);

  std::string_view text_, comment_;
  size_t at_ = 0;
};

// Counts beyond this are refused: nobody means them, and the grammar would grow with them.
constexpr int kMaxRepetitions = 100'000;
// Groups within groups. The parsers call themselves for each.
constexpr int kMaxGroups = 200;

}  // namespace facet::constraint
