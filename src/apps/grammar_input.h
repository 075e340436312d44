// Grammars from files and from the command line: JSON Schemas, GBNF, Lark, expressions, lists of choices.
#pragma once

#include <string>
#include <vector>

#include "constraint/calls/call_grammar.h"
#include "constraint/grammar/grammar.h"
#include "constraint/schema/json_schema.h"
#include "text/chat.h"

namespace facet::apps {

struct GrammarInput {
  std::string kind;  // "JSON Schema", "GBNF", "Lark"
  constraint::Grammar grammar;
  constraint::SchemaNotes notes;  // of a schema
};

// By the file's ending: .json is a schema, .gbnf and .lark are grammars. All throw RequestError naming the file, or the
// flag, and the place.
GrammarInput read_grammar(const std::string& path, constraint::WhiteSpace white_space);
GrammarInput read_schema(const std::string& path, constraint::WhiteSpace white_space);

constraint::Grammar regex_grammar(const std::string& pattern);  // of the whole answer
constraint::Grammar choice_grammar(const std::vector<std::string>& choices);
constraint::Grammar call_grammar(const text::ChatJson& tools, const constraint::CallOptions& options);
constraint::Grammar any_object_grammar(constraint::WhiteSpace white_space);

// "compact", "spaced", "flexible"
constraint::WhiteSpace parse_white_space(const std::string& name);

}  // namespace facet::apps
