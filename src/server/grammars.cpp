#include "server/grammars.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "constraint/calls/call_grammar.h"
#include "constraint/grammar/gbnf.h"
#include "constraint/grammar/lark.h"
#include "constraint/grammar/whole_texts.h"
#include "constraint/schema/json_schema.h"
#include "server/api_error.h"

namespace facet::server {
namespace {

using constraint::Grammar;
using constraint::NodeId;
using Choice = ToolChoice::Kind;
using Format = OutputFormat::Kind;

[[noreturn]] void refuse_request(const std::string& parameter, const std::string& what) {
  throw ApiError(ApiError::Kind::Invalid, parameter + ": " + what, parameter);
}

std::string function_name(const Json& tool) {
  const bool has_name = tool.is_object() && tool.contains("function") && tool["function"].is_object() &&
                        tool["function"].contains("name") && tool["function"]["name"].is_string();
  if (!has_name) refuse_request("tools", "expected {\"type\": \"function\", \"function\": {\"name\": ...}}");
  return tool["function"]["name"].get<std::string>();
}

// The declared functions that may be called.
Json callable_tools(const GenerationRequest& request) {
  Json out = Json::array();
  if (!request.tools.is_array() || request.tool_choice.kind == Choice::None) return out;
  const auto& allowed = request.tool_choice.allowed;
  for (const Json& tool : request.tools)
    if (const std::string name = function_name(tool);
        allowed.empty() || std::ranges::find(allowed, name) != allowed.end())
      out.push_back(tool);
  return out;
}

void check_choice(const GenerationRequest& request, const Json& callable) {
  const ToolChoice& choice = request.tool_choice;
  if ((choice.kind == Choice::Required || choice.kind == Choice::Named) && callable.empty())
    refuse_request("tool_choice", "a call is required, and no function is declared");
  const auto is_declared = [&](const std::string& name) {
    return std::ranges::any_of(request.tools, [&](const Json& tool) { return function_name(tool) == name; });
  };
  if (choice.kind == Choice::Named && !is_declared(choice.name))
    refuse_request("tool_choice", "the function '" + choice.name + "' is not among the declared ones");
  for (const std::string& name : choice.allowed)
    if (!is_declared(name)) refuse_request("tool_choice", "the function '" + name + "' is not among the declared ones");
}

NodeId calls_node(Grammar& grammar, const GenerationRequest& request, const Json& callable, bool has_format,
                  constraint::CallOptions::Form form) {
  constraint::CallOptions options;
  options.form = form;
  using To = constraint::CallOptions::Choice;
  switch (request.tool_choice.kind) {
    case Choice::Auto:
      options.choice = has_format ? To::Required : To::Auto;  // text has its own form then, see answer_node()
      break;
    case Choice::None:
      options.choice = To::None;
      break;
    case Choice::Required:
      options.choice = To::Required;
      break;
    case Choice::Named:
      options.choice = To::Named;
      options.name = request.tool_choice.name;
      break;
  }
  options.parallel = request.parallel_calls.value_or(request.tool_choice.kind == Choice::Auto);
  return constraint::add_calls(grammar, callable, options);
}

void add_text_grammar(Grammar& grammar, const std::string& text) {
  // A rule of Lark is "name: ...", one of GBNF "name ::= ...".
  if (text.find("::=") != std::string::npos)
    constraint::parse_gbnf(grammar, text);
  else
    constraint::parse_lark(grammar, text);
}

std::optional<NodeId> format_node(Grammar& grammar, const OutputFormat& format) {
  constraint::Notation notation;
  notation.only_declared = true;  // what nobody asked for is of no use, and weak models write little else
  switch (format.kind) {
    case Format::Text:
    case Format::Grammar:
      return {};
    case Format::JsonObject:
      return constraint::add_any_object(grammar, notation);
    case Format::Schema:
      return constraint::add_schema(grammar, format.schema, notation);
    case Format::Regex:
      return constraint::add_pattern(grammar, format.text);
    case Format::Choice:
      return constraint::add_choices(grammar, format.choices);
  }
  return {};
}

const char* format_parameter(const OutputFormat& format) {
  return format.kind == Format::Grammar ? "grammar" : format.kind == Format::Regex ? "regex" : "response_format";
}

// Throws in the words of whichever part is wrong.
template <class Make>
auto naming_part(const char* parameter, Make&& make) {
  try {
    return make();
  } catch (const RequestError& e) {
    refuse_request(parameter, e.what());
  }
}

SharedGrammar compile(const GenerationRequest& request, const Json& callable, constraint::CallOptions::Form form) {
  Grammar grammar;
  const bool has_format = request.format.kind != Format::Text;
  if (request.format.kind == Format::Grammar) {
    naming_part("grammar", [&] { add_text_grammar(grammar, request.format.text); });
  } else {
    const auto format =
        naming_part(format_parameter(request.format), [&] { return format_node(grammar, request.format); });
    std::vector<NodeId> answers;
    if (format) answers.push_back(*format);
    if (!callable.empty())
      answers.push_back(naming_part("tools", [&] { return calls_node(grammar, request, callable, has_format, form); }));
    grammar.set_root(answers.size() == 1 ? answers[0] : grammar.choice(answers));
  }
  return naming_part(has_format ? format_parameter(request.format) : "tools",
                     [&] { return std::make_shared<const constraint::CompiledGrammar>(std::move(grammar)); });
}

std::string key_of(const GenerationRequest& request, const Json& callable) {
  Json key = Json::array({static_cast<int>(request.format.kind), request.format.schema, request.format.text,
                          request.format.choices, callable, static_cast<int>(request.tool_choice.kind),
                          request.tool_choice.name, request.parallel_calls.has_value(),
                          request.parallel_calls.value_or(true)});
  return key.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

SharedGrammar Grammars::find(const GenerationRequest& request) {
  Json callable = callable_tools(request);
  check_choice(request, callable);
  const Choice choice = request.tool_choice.kind;
  const bool must_call = choice == Choice::Required || choice == Choice::Named;
  const bool has_format = request.format.kind != Format::Text;
  if (!has_format && callable.empty()) return {};
  GenerationRequest wanted;  // what decides
  wanted.tools = request.tools;
  wanted.tool_choice = request.tool_choice;
  wanted.parallel_calls = request.parallel_calls;
  if (!must_call) wanted.format = request.format;  // a call that must come leaves no text to have a form
  if (wanted.format.kind == Format::Grammar && !callable.empty())
    refuse_request("grammar", "a grammar leaves no room for calls; take the tools away or set tool_choice to none");
  const std::string key = key_of(wanted, callable);
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->grammar;
    }
  }
  SharedGrammar grammar = compile(wanted, callable, form_);
  const std::scoped_lock lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second->grammar;
  entries_.push_front({key, grammar});
  by_key_[key] = entries_.begin();
  shrink();
  return grammar;
}

void Grammars::shrink() {
  size_t n = 0;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    n += entry->grammar->n_bytes() + entry->key.size();
    if (n > max_bytes_ && entry != entries_.begin()) {
      by_key_.erase(entry->key);
      entry = entries_.erase(entry);
    } else {
      ++entry;
    }
  }
}

size_t Grammars::n_bytes() const {
  const std::scoped_lock lock(mutex_);
  size_t n = 0;
  for (const Entry& entry : entries_) n += entry.grammar->n_bytes() + entry.key.size();
  return n;
}

void look_ahead(const SharedGrammar& grammar, const runtime::Engine& engine) {
  try {
    constraint::Matcher(grammar, engine.token_table()).tokens_to_end();
  } catch (const RequestError&) {  // who comes to what is wrong with it, if anybody does, is told
  }
}

}  // namespace facet::server
