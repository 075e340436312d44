// link: facet_constraint
#include <cstdint>

#include "base/error.h"
#include "constraint/grammar/lark.h"
#include "grammar_walk.h"

// A grammar: refused, or texts can be written under it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    facet::constraint::Grammar grammar;
    facet::constraint::parse_lark(grammar, text);
    walk_grammar(std::move(grammar), text);
  } catch (const facet::RequestError&) {
  }
  return 0;
}
