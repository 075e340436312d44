// JSON Schema (draft-04 to 2020-12) -> grammar. What is said is enforced, or refused with the keyword and its path;
// nothing is silently ignored but annotations, which are listed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/grammar/grammar.h"

namespace facet::constraint {

using SchemaJson = nlohmann::ordered_json;

enum class WhiteSpace : uint8_t {
  Compact,   // none
  Spaced,    // one space behind colons and commas, as Python writes it
  Flexible,  // any between tokens, at most a few characters at a time
};

// How values are written.
struct Notation {
  enum class Kind : uint8_t {
    Json,
    // The model's own, in calls: keys bare (where they are no words, quoted), strings between two control tokens with
    // nothing escaped, no white space.
    Call,
  };
  Kind kind = Kind::Json;
  WhiteSpace white_space = WhiteSpace::Compact;  // Json only
  uint8_t quote = 0;                             // Call: index of the control token around strings
  // Members that an object does not declare are offered only if its schema speaks of them.
  bool only_declared = false;
};

struct SchemaNotes {
  std::vector<std::string> enforced;     // keywords, sorted
  std::vector<std::string> annotations;  // "/properties/a/title", and formats without meaning
  // uniqueItems where an answer may begin an item that must not come again, and then ends in an error: of few values
  // that are objects or arrays, or that are numbers with several spellings.
  std::vector<std::string> inexact;
};

// Adds what `schema` describes to the grammar. Throws RequestError (one line: keyword, path, why) for what contradicts
// itself, cannot be enforced, or refers to what is not there.
NodeId add_schema(Grammar& grammar, const SchemaJson& schema, const Notation& notation, SchemaNotes* notes = nullptr);
// The same for objects alone, even if the schema does not say so: a call's arguments.
NodeId add_object_schema(Grammar& grammar, const SchemaJson& schema, const Notation& notation,
                         SchemaNotes* notes = nullptr);
// Any JSON value; any JSON object.
NodeId add_any_value(Grammar& grammar, const Notation& notation);
NodeId add_any_object(Grammar& grammar, const Notation& notation);

}  // namespace facet::constraint
