// link: facet_constraint
#include <cstdint>

#include "base/error.h"
#include "constraint/schema/json_schema.h"
#include "grammar_walk.h"

// A schema: refused, or texts can be written under it, as JSON and as in calls.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace facet::constraint;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const SchemaJson schema = SchemaJson::parse(text, nullptr, false);
  if (schema.is_discarded()) return 0;
  for (const Notation::Kind kind : {Notation::Kind::Json, Notation::Kind::Call}) {
    try {
      Grammar grammar;
      SchemaNotes notes;
      grammar.set_root(add_schema(grammar, schema, {.kind = kind, .white_space = WhiteSpace::Spaced}, &notes));
      walk_grammar(std::move(grammar), text);
    } catch (const facet::RequestError&) {
    }
  }
  return 0;
}
