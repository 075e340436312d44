#include "constraint/grammar/whole_texts.h"

#include "constraint/regex/pattern.h"

namespace facet::constraint {

NodeId add_pattern(Grammar& grammar, std::string_view pattern) {
  PatternOptions options;
  options.whole = true;
  return grammar.terminal(parse_pattern(grammar.regexes(), pattern, options));
}

NodeId add_choices(Grammar& grammar, const std::vector<std::string>& choices) {
  std::vector<RegexId> texts;
  for (const std::string& choice : choices) texts.push_back(grammar.regexes().literal(choice));
  return grammar.terminal(grammar.regexes().either(texts));
}

}  // namespace facet::constraint
