// link: facet_constraint
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "constraint/regex/pattern.h"
#include "grammar_walk.h"

namespace {

// A text is of the expression or of its complement, and what holds no text has no text.
void check_laws(facet::constraint::Regexes& regexes, facet::constraint::RegexId regex, std::string_view text) {
  const auto rest = regexes.derive(regex, text), not_rest = regexes.derive(regexes.complement(regex), text);
  if (regexes.is_nullable(rest) == regexes.is_nullable(not_rest)) std::abort();
  if (regexes.is_nothing(regex) && regexes.is_nullable(rest)) std::abort();
  if (!regexes.is_nothing(regexes.both(regex, regexes.complement(regex)))) std::abort();
}

}  // namespace

// A byte of options, and a pattern: refused, or texts can be written under it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace facet::constraint;
  if (size == 0) return 0;
  const PatternOptions options{(data[0] & 1) != 0 ? Writing::Json : Writing::Plain, (data[0] & 2) != 0};
  const std::string_view pattern(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    Grammar grammar;
    const RegexId regex = parse_pattern(grammar.regexes(), pattern, options);
    check_laws(grammar.regexes(), regex, pattern.substr(0, 32));
    grammar.set_root(grammar.terminal(regex));
    walk_grammar(std::move(grammar), pattern);
  } catch (const facet::RequestError&) {
  }
  return 0;
}
