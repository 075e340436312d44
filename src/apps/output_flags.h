// Flags that say what an answer may be: what a schema, an expression, a grammar or a list of choices describes, or
// calls of functions; and how long a model may think before it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apps/answer.h"
#include "constraint/calls/call_grammar.h"
#include "runtime/output_rules.h"

namespace facet::apps {

using SharedGrammar = std::shared_ptr<const constraint::CompiledGrammar>;

// --think[=N]
struct ThinkFlag {
  std::string value;  // as given; empty: not

  void add_to(CLI::App& command);
  static bool is_valid(const std::string& value) noexcept;
  bool on() const noexcept { return !value.empty(); }
  int budget() const noexcept;  // tokens; -1: no limit of its own
};

struct OutputFlags {
  std::string schema, regex, grammar, white_space = "compact", tool_choice = "auto";
  std::vector<std::string> choices;
  bool json_object = false, no_parallel_calls = false;

  void add_to(CLI::App& command);
  void add_form_to(CLI::App& command);  // without those that are about calls
  // RequestError when flags contradict each other; tools: null, or the declarations of functions.
  void check(const text::ChatJson& tools) const;
  // Of the answer, without thoughts; nothing when any text will do.
  SharedGrammar answer_grammar(const text::ChatJson& tools, const runtime::Engine& engine) const;
  std::vector<std::string> all_choices() const;
};

// Answers of text and calls, in the form in which the model writes calls.
SharedGrammar calls_of(const text::ChatJson& tools, constraint::CallOptions options, const runtime::Engine& engine);

// A schema or a grammar, by the file's ending; see read_grammar().
SharedGrammar grammar_of_file(const std::string& path, constraint::WhiteSpace white_space);

// Nothing of a text that is continued as it is, where everything may come.
std::optional<runtime::OutputRules> output_rules(const Prompt& prompt, const ThinkFlag& think, SharedGrammar grammar);

}  // namespace facet::apps
