// Terminals end wherever the grammar lets them: there is no lexer that would have to take the longest one, so `INT INT`
// reads 12 as two of them.
#include "constraint/grammar/lark.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "constraint/grammar/common_terminals.h"
#include "constraint/grammar/rule_set.h"
#include "constraint/regex/characters.h"
#include "constraint/regex/pattern.h"

namespace facet::constraint {
namespace {

// The hidden rule of what may stand behind each terminal. No name can be written like this.
constexpr std::string_view kIgnored = "%ignore";

bool is_lark_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_lark_name_char(char c) { return is_lark_name_start(c) || (c >= '0' && c <= '9'); }

bool is_terminal_name(std::string_view name) {
  const size_t letter = name.find_first_not_of('_');
  return letter != std::string_view::npos && name[letter] >= 'A' && name[letter] <= 'Z';
}

// A pattern of exactly this text.
std::string escaped_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("^$\\.*+?()[]{}|/").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

class LarkParser {
 public:
  LarkParser(Grammar& grammar, std::string_view text) : grammar_(grammar), reader_(text, "//"), rules_(reader_) {}

  void parse() {
    for (skip_blanks(true); !reader_.at_end(); skip_blanks(true)) {
      if (reader_.peek() == '%')
        directive();
      else
        definition();
      if (!reader_.at_end() && reader_.peek() != '\n')
        reader_.fail(fmt::format("expected the end of the line, found {}", reader_.found()));
    }
    const PartId any_ignored = ignored_.empty() ? empty() : rules_.repeat(rules_.choice(ignored_), 0, -1);
    rules_.define(kIgnored, 0, any_ignored);
    rules_.build(grammar_, "start");
  }

 private:
  void skip_blanks(bool lines) { reader_.skip_blanks(lines); }
  PartId empty() { return rules_.expression(Regexes::kEmpty, 0); }

  std::string_view name() {
    const size_t begin = reader_.at();
    if (!is_lark_name_start(reader_.peek())) reader_.fail(fmt::format("expected a name, found {}", reader_.found()));
    while (is_lark_name_char(reader_.peek()) || (reader_.peek() == '-' && is_lark_name_char(reader_.peek(1))))
      reader_.go_to(reader_.at() + 1);
    return reader_.since(begin);
  }

  void definition() {
    reader_.take("!");
    reader_.take("?");
    const size_t place = reader_.at();
    const std::string_view name = this->name();
    if (reader_.peek() == '{') reader_.fail("templates are not supported: write the rule out for each use");
    if (reader_.peek() == '[') reader_.fail("options of rules, as in name[lazy], are not supported");
    if (reader_.take(".")) {
      reader_.take("-");
      if (reader_.count() < 0) reader_.fail(fmt::format("expected a priority, found {}", reader_.found()));
    }
    skip_blanks(false);
    reader_.expect(":", "behind the name of a rule or terminal");
    in_terminal_ = is_terminal_name(name);
    rules_.define(name, place, alternatives(false), in_terminal_);
  }

  void directive() {
    const size_t place = reader_.at();
    if (reader_.take("%ignore")) {
      in_terminal_ = true;
      ignored_.push_back(alternatives(false));
    } else if (reader_.take("%import")) {
      import_common();
    } else if (reader_.take("%llguidance")) {
      // {} says whom the grammar is for, and nothing else.
      skip_blanks(false);
      reader_.expect("{", "behind %llguidance");
      skip_blanks(false);
      if (!reader_.take("}")) reader_.fail("options are not supported: only %llguidance {}");
      skip_blanks(false);
    } else {
      reader_.fail_at(place, "expected %ignore or %import: no other directive is supported");
    }
  }

  // common.NAME, common.NAME -> OTHER_NAME, common (NAME, NAME)
  void import_common() {
    skip_blanks(false);
    if (!reader_.take("common")) reader_.fail("only the library \"common\" can be imported from, as in common.INT");
    skip_blanks(false);
    if (reader_.take("(")) {
      do {
        skip_blanks(true);
        const size_t place = reader_.at();
        const std::string_view name = this->name();
        define_common(name, name, place);
        skip_blanks(true);
      } while (reader_.take(","));
      reader_.expect(")", "behind the imported names");
    } else {
      reader_.expect(".", "behind \"common\"");
      const size_t place = reader_.at();
      const std::string_view name = this->name();
      skip_blanks(false);
      define_common(name, reader_.take("->") ? (skip_blanks(false), this->name()) : name, place);
    }
    skip_blanks(false);
  }

  void define_common(std::string_view name, std::string_view here, size_t place) {
    const auto all = common_terminals();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& terminal) { return terminal.name == name; });
    if (found == all.end()) reader_.fail_at(place, fmt::format("the library \"common\" has no terminal \"{}\"", name));
    if (!is_terminal_name(here)) reader_.fail_at(place, "the name of a terminal is in upper case");
    rules_.define(here, place, pattern(found->pattern, place), true);
  }

  PartId alternatives(bool in_group) {
    std::vector<PartId> parts;
    do {
      if (!parts.empty()) skip_blanks(true);
      parts.push_back(sequence(in_group));
      if (reader_.take("->")) {
        skip_blanks(in_group);
        name();
        skip_blanks(in_group);
      }
    } while (reader_.next_alternative());
    return rules_.choice(std::move(parts));
  }

  PartId sequence(bool in_group) {
    std::vector<PartId> parts;
    for (;;) {
      skip_blanks(in_group);
      const char c = reader_.peek();
      if (reader_.at_end() || c == '\n' || c == '|' || c == ')' || c == ']' || reader_.is_at("->")) break;
      const PartId part = atom();
      skip_blanks(in_group);
      parts.push_back(repeated(part));
    }
    return rules_.sequence(std::move(parts));
  }

  PartId atom() {
    const size_t place = reader_.at();
    if (reader_.take("(")) return group(")");
    if (reader_.take("[")) return rules_.repeat(group("]"), 0, 1);
    if (reader_.take("\"")) return terminal(string());
    if (reader_.take("/")) return terminal(regex());
    if (reader_.peek() == '<')
      reader_.fail("tokens (<...>) are not supported: write the text that is meant, in quotes");
    if (reader_.peek() == '@') reader_.fail("references to other grammars (@...) are not supported");
    if (reader_.peek() == '%') reader_.fail("%json, %regex and %lark are not supported inside of rules");
    if (!is_lark_name_start(reader_.peek()))
      reader_.fail(fmt::format("expected a literal, a /pattern/, a name or a group, found {}", reader_.found()));
    const std::string_view name = this->name();
    const PartId reference = rules_.reference(name, place);
    if (is_terminal_name(name)) return terminal(reference);
    if (in_terminal_) reader_.fail_at(place, fmt::format("a terminal cannot refer to the rule \"{}\"", name));
    return reference;
  }

  // In a rule, what is ignored may follow each terminal. In a terminal it may not.
  PartId terminal(PartId part) { return in_terminal_ ? part : rules_.sequence({part, rules_.reference(kIgnored, 0)}); }

  // "text", "text"i or "a".."z"
  PartId string() {
    const size_t place = reader_.at() - 1;
    const std::string first = reader_.quoted();
    if (reader_.take("i")) return pattern("(?i)" + escaped_pattern(first), place);
    Regexes& regexes = grammar_.regexes();
    if (!reader_.is_at("..") || reader_.peek(2) != '"')
      return rules_.expression(text(regexes, first, Writing::Plain), first.size());
    reader_.go_to(reader_.at() + 3);
    const char32_t low = only_character(first, place), high = only_character(reader_.quoted(), place);
    if (high < low) reader_.fail_at(place, "a range of characters goes from the lower to the higher one");
    // The complement of the complement, as that leaves out surrogates.
    return rules_.expression(character(regexes, complement(complement({{low, high}})), Writing::Plain), 1);
  }

  char32_t only_character(const std::string& text, size_t place) const {
    NotationReader characters(text);
    const char32_t c = text.empty() ? 0 : characters.plain_character();
    if (text.empty() || !characters.at_end()) reader_.fail_at(place, "the ends of a range are one character each");
    return c;
  }

  PartId regex() {
    const size_t place = reader_.at() - 1, begin = reader_.at();
    for (; reader_.peek() != '/'; reader_.plain_character()) {
      if (reader_.at_end() || reader_.peek() == '\n')
        reader_.fail_at(place, "the pattern has no closing / in its line");
      if (reader_.peek() == '\\') reader_.go_to(reader_.at() + 1);
    }
    const std::string_view body = reader_.since(begin);
    reader_.take("/");
    std::string flags;
    for (const char flag : reader_.take_while([](char c) { return c >= 'a' && c <= 'z'; })) {
      if (flag != 'i' && flag != 's' && flag != 'u')
        reader_.fail_at(place, fmt::format("the flag {} of patterns is not supported: only i, s and u are", flag));
      if (flag != 'u' && flags.find(flag) == std::string::npos) flags += flag;
    }
    return pattern((flags.empty() ? "" : "(?" + flags + ")") + std::string(body), place);
  }

  PartId pattern(std::string_view pattern, size_t place) {
    Regexes& regexes = grammar_.regexes();
    const size_t n_before = regexes.size();
    try {
      const RegexId regex = parse_pattern(regexes, pattern, {.writing = Writing::Plain, .whole = true});
      return rules_.expression(regex, std::max(pattern.size(), regexes.size() - n_before));
    } catch (const RequestError& error) {
      reader_.fail_at(place, error.what());
    }
  }

  PartId group(std::string_view closer) {
    const size_t begin = reader_.at() - 1;
    if (++n_open_ > kMaxGroups) reader_.fail_at(begin, fmt::format("groups nest at most {} deep", kMaxGroups));
    const PartId part = alternatives(true);
    skip_blanks(true);
    if (!reader_.take(closer)) reader_.fail(fmt::format("expected {} or |, found {}", closer, reader_.found()));
    --n_open_;
    return part;
  }

  PartId repeated(PartId part) {
    if (reader_.take("*")) return rules_.repeat(part, 0, -1);
    if (reader_.take("+")) return rules_.repeat(part, 1, -1);
    if (reader_.take("?")) return rules_.repeat(part, 0, 1);
    if (reader_.take("~")) return counted(part, "..", "");
    if (reader_.take("{")) return counted(part, ",", "}");
    return part;
  }

  // ~3, ~3..5, {3}, {3,}, {,5}, {3,5}
  PartId counted(PartId part, std::string_view separator, std::string_view closer) {
    const size_t place = reader_.at();
    skip_blanks(false);
    const int min = reader_.count();
    int max = min;
    if (const size_t behind_min = reader_.at(); skip_blanks(false), reader_.take(separator)) {
      skip_blanks(false);
      max = reader_.count();
    } else if (closer.empty()) {
      reader_.go_to(behind_min);
    }
    if (!closer.empty()) skip_blanks(false);
    if ((min < 0 && max < 0) || !reader_.take(closer))
      reader_.fail_at(place, "expected a count, as in ~3, ~3..5, {3} or {3,5}");
    if (max >= 0 && max < min) reader_.fail_at(place, "the second number of a repetition is the larger one");
    return rules_.repeat(part, std::max(min, 0), max);
  }

  Grammar& grammar_;
  NotationReader reader_;
  RuleSet rules_;
  std::vector<PartId> ignored_;
  bool in_terminal_ = false;  // not in a rule
  int n_open_ = 0;            // groups
};

}  // namespace

void parse_lark(Grammar& grammar, std::string_view text) { LarkParser(grammar, text).parse(); }

}  // namespace facet::constraint
