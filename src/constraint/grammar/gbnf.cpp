// GBNF. Beyond llama.cpp's own reader this one takes a `|` at the beginning of the next line, \f, \v and any escaped
// punctuation, since grammars that people share have them. References to tokens (<think>, <[1000]>) are refused: a
// grammar here describes text, whatever the model's vocabulary.
#include "constraint/grammar/gbnf.h"

#include <fmt/format.h>

#include "constraint/grammar/rule_set.h"
#include "constraint/regex/characters.h"

namespace facet::constraint {
namespace {

bool is_gbnf_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class GbnfParser {
 public:
  GbnfParser(Grammar& grammar, std::string_view text) : grammar_(grammar), reader_(text), rules_(reader_) {}

  void parse() {
    for (skip_blanks(true); !reader_.at_end(); skip_blanks(true)) rule();
    rules_.build(grammar_, "root");
  }

 private:
  void skip_blanks(bool lines) { reader_.skip_blanks(lines); }

  void rule() {
    const size_t place = reader_.at();
    const std::string_view name = reader_.take_while(is_gbnf_name_char);
    if (name.empty()) reader_.fail(fmt::format("expected the name of a rule, found {}", reader_.found()));
    skip_blanks(false);
    reader_.expect("::=", "behind the name of a rule");
    skip_blanks(true);
    const PartId body = choice(false);
    if (!reader_.at_end() && reader_.peek() != '\n')
      reader_.fail(fmt::format("expected the end of the rule \"{}\", found {}", name, reader_.found()));
    rules_.define(name, place, body);
  }

  PartId choice(bool in_group) {
    std::vector<PartId> alternatives;
    do {
      if (!alternatives.empty()) skip_blanks(true);
      alternatives.push_back(sequence(in_group));
    } while (reader_.next_alternative());
    return rules_.choice(std::move(alternatives));
  }

  PartId sequence(bool in_group) {
    std::vector<PartId> parts;
    for (;;) {
      skip_blanks(in_group);
      const char c = reader_.peek();
      if (reader_.at_end() || c == '\n' || c == '|' || c == ')') break;
      const PartId part = atom();
      skip_blanks(in_group);
      parts.push_back(repeated(part));
    }
    return rules_.sequence(std::move(parts));
  }

  PartId atom() {
    const size_t place = reader_.at();
    const char c = reader_.peek();
    if (reader_.take("\"")) return literal();
    if (reader_.take("[")) return characters();
    if (reader_.take(".")) return character_of(complement({}));
    if (reader_.take("(")) return group();
    if (c == '<' || (c == '!' && reader_.peek(1) == '<'))
      reader_.fail("tokens (<...>) are not supported: write the text that is meant, in quotes");
    const std::string_view name = reader_.take_while(is_gbnf_name_char);
    if (name.empty())
      reader_.fail(fmt::format("expected a literal, characters in [], a name or a group, found {}", reader_.found()));
    return rules_.reference(name, place);
  }

  PartId literal() {
    const std::string literal = reader_.quoted();
    return rules_.expression(text(grammar_.regexes(), literal, Writing::Plain), literal.size());
  }

  PartId character_of(const CharacterSet& set) {
    return rules_.expression(character(grammar_.regexes(), set, Writing::Plain), 1);
  }

  PartId characters() {
    const size_t begin = reader_.at() - 1;
    const bool is_negated = reader_.take("^");
    CharacterSet set;
    while (!reader_.take("]")) {
      if (reader_.at_end() || reader_.peek() == '\n') reader_.fail_at(begin, "the [ has no closing ] in its line");
      const size_t place = reader_.at();
      const char32_t first = reader_.character();
      char32_t last = first;
      if (reader_.peek() == '-' && reader_.peek(1) != ']') {
        reader_.take("-");
        last = reader_.character();
      }
      if (last < first) reader_.fail_at(place, "a range of characters goes from the lower to the higher one");
      set.push_back({first, last});
    }
    if (set.empty()) reader_.fail_at(begin, "expected characters between [ and ]");
    const CharacterSet others = complement(normalized(std::move(set)));
    return character_of(is_negated ? others : complement(others));  // twice, as that leaves out surrogates
  }

  PartId group() {
    const size_t begin = reader_.at() - 1;
    if (++n_open_ > kMaxGroups) reader_.fail_at(begin, fmt::format("groups nest at most {} deep", kMaxGroups));
    const PartId part = choice(true);
    skip_blanks(true);
    if (!reader_.take(")")) reader_.fail(fmt::format("expected ) or |, found {}", reader_.found()));
    --n_open_;
    return part;
  }

  PartId repeated(PartId part) {
    const size_t place = reader_.at();
    if (reader_.take("*")) return rules_.repeat(part, 0, -1);
    if (reader_.take("+")) return rules_.repeat(part, 1, -1);
    if (reader_.take("?")) return rules_.repeat(part, 0, 1);
    if (!reader_.take("{")) return part;
    skip_blanks(false);
    const int min = reader_.count();
    skip_blanks(false);
    int max = min;
    if (reader_.take(",")) {
      skip_blanks(false);
      max = reader_.count();
      skip_blanks(false);
    }
    reader_.expect("}", "behind the count of repetitions, as in {3}, {3,} or {3,5}");
    if (min < 0 && max < 0) reader_.fail_at(place, "expected a number, as in {3}, {3,} or {3,5}");
    if (max >= 0 && max < min) reader_.fail_at(place, "the second number of a repetition is the larger one");
    return rules_.repeat(part, std::max(min, 0), max);
  }

  Grammar& grammar_;
  NotationReader reader_;
  RuleSet rules_;
  int n_open_ = 0;  // groups
};

}  // namespace

void parse_gbnf(Grammar& grammar, std::string_view text) { GbnfParser(grammar, text).parse(); }

}  // namespace facet::constraint
