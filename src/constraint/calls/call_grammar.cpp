#include "constraint/calls/call_grammar.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "constraint/regex/characters.h"
#include "constraint/regex/pattern.h"

namespace facet::constraint {
namespace {

struct CallFunction {
  std::string name;
  const SchemaJson* parameters;  // or null
};

std::vector<CallFunction> declared_functions(const SchemaJson& tools) {
  if (!tools.is_array()) throw_error<RequestError>("tools: expected a list");
  std::vector<CallFunction> out;
  std::set<std::string> names;
  for (size_t i = 0; i < tools.size(); ++i) {
    const auto function = tools[i].is_object() ? tools[i].find("function") : tools[i].end();
    if (function == tools[i].end() || !function->is_object() || !function->contains("name") ||
        !(*function)["name"].is_string())
      throw_error<RequestError>("tools[{}]: expected {{\"type\": \"function\", \"function\": {{\"name\": ...}}}}", i);
    const std::string name = (*function)["name"].get<std::string>();
    // What ends a name, or is not seen at its ends.
    if (name.empty() || name.find_first_of("{(\n") != std::string::npos || name.front() == ' ' || name.back() == ' ')
      throw_error<RequestError>(
          "tools[{}]: the name \"{}\" cannot be written in a call: it may not be empty, have {{ ( or line breaks, or "
          "begin or end with a space",
          i, name);
    if (!names.insert(name).second)
      throw_error<RequestError>("tools[{}]: there are two functions named \"{}\"", i, name);
    const auto parameters = function->find("parameters");
    out.push_back({name, parameters == function->end() || parameters->is_null() ? nullptr : &*parameters});
  }
  return out;
}

// A function that is declared without parameters, or with an empty list of them, takes no arguments (OpenAI's rule).
bool declares_nothing(const SchemaJson* parameters) {
  if (parameters == nullptr) return true;
  if (!parameters->is_object()) return false;
  for (const auto& [keyword, value] : parameters->items()) {
    const bool says_nothing = keyword == "$schema" || (keyword == "type" && value == "object") ||
                              ((keyword == "properties" || keyword == "required") && value.empty());
    if (!says_nothing) return false;
  }
  return true;
}

void add_call_notes(const std::string& name, const SchemaNotes& from, SchemaNotes& to) {
  std::set<std::string> enforced(to.enforced.begin(), to.enforced.end());
  enforced.insert(from.enforced.begin(), from.enforced.end());
  to.enforced.assign(enforced.begin(), enforced.end());
  for (const std::string& path : from.annotations) to.annotations.push_back(name + path);
  for (const std::string& path : from.inexact) to.inexact.push_back(name + path);
}

NodeId call_arguments(Grammar& grammar, const CallFunction& function, const CallOptions& options, SchemaNotes* notes) {
  Notation notation;
  notation.only_declared = true;
  if (options.form == CallOptions::Form::Tokens) {
    notation.kind = Notation::Kind::Call;
    notation.quote = options.controls.quote;
  }
  static const SchemaJson kNoArguments{{"type", "object"}, {"additionalProperties", false}};
  if (declares_nothing(function.parameters)) return add_object_schema(grammar, kNoArguments, notation, nullptr);
  try {
    SchemaNotes own;
    const NodeId node = add_object_schema(grammar, *function.parameters, notation, &own);
    if (notes != nullptr) add_call_notes(function.name, own, *notes);
    return node;
  } catch (const RequestError& e) {
    throw_error<RequestError>("function \"{}\": {}", function.name, e.what());
  }
}

// The functions that may be called, each with its name and arguments: name{...}, or "name","parameters":{...}.
std::vector<NodeId> called_functions(Grammar& grammar, const SchemaJson& tools, const CallOptions& options,
                                     SchemaNotes* notes) {
  std::vector<NodeId> calls;
  for (const CallFunction& function : declared_functions(tools)) {
    if (options.choice == CallOptions::Choice::Named && function.name != options.name) continue;
    const bool is_json = options.form == CallOptions::Form::Json;
    const std::string head = is_json ? SchemaJson(function.name).dump() + ",\"parameters\":" : function.name;
    calls.push_back(grammar.sequence({grammar.literal(head), call_arguments(grammar, function, options, notes)}));
  }
  if (calls.empty() && options.choice != CallOptions::Choice::Auto) {
    const std::string wanted =
        options.choice == CallOptions::Choice::Named ? "\"" + options.name + "\"" : "any function";
    throw_error<RequestError>("tool_choice wants a call of {}, which tools does not declare", wanted);
  }
  return calls;
}

NodeId calls_in_tokens(Grammar& grammar, NodeId functions, NodeId text, const CallOptions& options) {
  Regexes& regexes = grammar.regexes();
  const NodeId open =
      grammar.terminal(regexes.concat(regexes.control(options.controls.open), regexes.literal("call:")));
  const NodeId close = grammar.terminal(regexes.control(options.controls.close));
  const NodeId call = grammar.sequence({open, functions, close});
  if (options.choice != CallOptions::Choice::Auto) return options.parallel ? grammar.repeat(call, 1) : call;
  if (!options.parallel) return grammar.sequence({text, grammar.optional(call)});
  return grammar.sequence({text, grammar.repeat(grammar.sequence({call, text}), 0)});
}

// Text that readers would take for the beginning of a call has to be one.
NodeId text_unlike_calls(Grammar& grammar) {
  Regexes& regexes = grammar.regexes();
  const RegexId call = parse_pattern(regexes, R"(\s*(\[\s*)?\{\s*"name")", {Writing::Plain, true});
  const RegexId begins_like_one = regexes.concat(call, Regexes::kAnything);
  return grammar.terminal(regexes.both(any_text(regexes, Writing::Plain), regexes.complement(begins_like_one)));
}

NodeId calls_in_json(Grammar& grammar, NodeId functions, const CallOptions& options) {
  const NodeId call = grammar.sequence({grammar.literal("{\"name\":"), functions, grammar.literal("}")});
  std::vector<NodeId> answers = {call};
  if (options.parallel) {
    ArrayNode list;
    list.open = grammar.literal("[");
    list.close = grammar.literal("]");
    list.comma = grammar.literal(",");
    list.rest = call;
    list.min_items = 1;
    answers.push_back(grammar.array(std::move(list)));
  }
  if (options.choice == CallOptions::Choice::Auto) answers.push_back(text_unlike_calls(grammar));
  return grammar.choice(std::move(answers));
}

}  // namespace

NodeId add_calls(Grammar& grammar, const SchemaJson& tools, const CallOptions& options, SchemaNotes* notes) {
  const NodeId text = grammar.terminal(any_text(grammar.regexes(), Writing::Plain));
  if (options.choice == CallOptions::Choice::None) return text;
  std::vector<NodeId> calls = called_functions(grammar, tools, options, notes);
  if (calls.empty()) return text;
  const NodeId functions = grammar.choice(std::move(calls));
  return options.form == CallOptions::Form::Json ? calls_in_json(grammar, functions, options)
                                                 : calls_in_tokens(grammar, functions, text, options);
}

}  // namespace facet::constraint
