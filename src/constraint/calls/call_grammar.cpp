#include "constraint/calls/call_grammar.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "constraint/regex/characters.h"

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
}

NodeId call_arguments(Grammar& grammar, const CallFunction& function, const CallControls& controls,
                      SchemaNotes* notes) {
  Notation notation;
  notation.kind = Notation::Kind::Call;
  notation.quote = controls.quote;
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

}  // namespace

NodeId add_calls(Grammar& grammar, const SchemaJson& tools, const CallOptions& options, SchemaNotes* notes) {
  using Choice = CallOptions::Choice;
  const NodeId text = grammar.terminal(any_text(grammar.regexes(), Writing::Plain));
  if (options.choice == Choice::None) return text;
  std::vector<NodeId> calls;
  for (const CallFunction& function : declared_functions(tools)) {
    if (options.choice == Choice::Named && function.name != options.name) continue;
    const NodeId name = grammar.literal(function.name);
    calls.push_back(grammar.sequence({name, call_arguments(grammar, function, options.controls, notes)}));
  }
  if (calls.empty() && options.choice == Choice::Auto) return text;
  if (calls.empty()) {
    const std::string wanted = options.choice == Choice::Named ? "\"" + options.name + "\"" : "any function";
    throw_error<RequestError>("tool_choice wants a call of {}, which tools does not declare", wanted);
  }
  Regexes& regexes = grammar.regexes();
  const NodeId open =
      grammar.terminal(regexes.concat(regexes.control(options.controls.open), regexes.literal("call:")));
  const NodeId close = grammar.terminal(regexes.control(options.controls.close));
  const NodeId call = grammar.sequence({open, grammar.choice(std::move(calls)), close});
  if (options.choice != Choice::Auto) return options.parallel ? grammar.repeat(call, 1) : call;
  if (!options.parallel) return grammar.sequence({text, grammar.optional(call)});
  return grammar.sequence({text, grammar.repeat(grammar.sequence({call, text}), 0)});
}

}  // namespace facet::constraint
