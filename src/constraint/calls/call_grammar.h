// The grammar of an answer with calls, where names and arguments are those that were declared. Gemma 4 has tokens for
// them: <|tool_call>call:name{key:value,...}<tool_call|>. Models without write {"name":...,"parameters":{...}}.
#pragma once

#include <string>

#include "constraint/schema/json_schema.h"

namespace facet::constraint {

// Indexes of the control tokens, see Regexes::control.
struct CallControls {
  uint8_t open = 0;   // <|tool_call>
  uint8_t close = 1;  // <tool_call|>
  uint8_t quote = 2;  // <|"|>
};

struct CallOptions {
  enum class Choice : uint8_t {
    Auto,      // text and calls in any order
    None,      // text alone
    Required,  // calls at once, at least one
    Named,     // the same, of the function `name`
  };
  enum class Form : uint8_t {
    Tokens,  // Gemma 4's
    Json,    // the whole answer is one call, or a list of them; or it is text, which does not begin like a call
  };
  Choice choice = Choice::Auto;
  std::string name;
  bool parallel = true;   // false: the answer ends behind the first call
  CallControls controls;  // of tokens
  Form form = Form::Tokens;
};

// The whole answer, without the thought before it. `tools` is a list of {type: function, function: {name, parameters}}.
// Throws RequestError naming the function whose schema or name cannot be carried out. Notes name the function first.
NodeId add_calls(Grammar& grammar, const SchemaJson& tools, const CallOptions& options, SchemaNotes* notes = nullptr);

}  // namespace facet::constraint
