// link: facet_constraint
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "constraint/regex/pattern.h"

namespace {

using namespace facet;
using constraint::Regexes;
using constraint::RegexId;

// Small, so that what needs many states is refused soon.
constexpr size_t kMaxExpressions = 5000;

void require(bool condition) {
  if (!condition) std::abort();
}

bool matches(Regexes& regexes, RegexId a, std::string_view text) {
  for (const char c : text) {
    a = regexes.derive(a, static_cast<uint8_t>(c));
    if (a == Regexes::kNothing) return false;
    require(regexes.is_nullable(a) || regexes.has_continuation(a));
  }
  return regexes.is_nullable(a);
}

void walk(std::string_view pattern, std::string_view text, constraint::Writing writing) {
  Regexes regexes(kMaxExpressions);
  const RegexId somewhere = parse_pattern(regexes, pattern, {writing, false});
  const RegexId whole = parse_pattern(regexes, pattern, {writing, true});
  const bool is_text = matches(regexes, any_text(regexes, writing), text);
  const bool is_found = matches(regexes, somewhere, text);
  require(!is_found || is_text);
  require(is_found || !matches(regexes, regexes.both(whole, any_text(regexes, writing)), text));
  require(is_found != matches(regexes, regexes.complement(somewhere), text));
}

}  // namespace

// A line with a pattern, then a text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(std::min(end + 1, input.size()));
  for (const auto writing : {constraint::Writing::Plain, constraint::Writing::Json}) {
    try {
      walk(input.substr(0, end), text, writing);
    } catch (const RequestError&) {  // as good an answer as any
    }
  }
  return 0;
}
