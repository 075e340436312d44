#include "apps/output_flags.h"

#include <algorithm>
#include <charconv>

#include "apps/grammar_input.h"
#include "base/error.h"

namespace facet::apps {
namespace {

// -1: any number; nothing: not a budget.
std::optional<int> parse_budget(std::string_view text) {
  if (text == "true") return -1;  // the flag alone
  if (const auto budget = runtime::thought_budget(text)) return budget;
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && n > 0 && n <= 1 << 28 ? std::optional(n) : std::nullopt;
}

SharedGrammar compiled(constraint::Grammar grammar) {
  return std::make_shared<const constraint::CompiledGrammar>(std::move(grammar));
}

}  // namespace

void ThinkFlag::add_to(CLI::App& command) {
  command
      .add_flag("--think", value,
                "Let the model reason before it answers; --think=N: for N tokens at most, or low, medium, high")
      ->check([](const std::string& text) {
        return is_valid(text) ? std::string()
                              : "\"" + text + "\" is no number of tokens, and none of low, medium, high";
      });
}

bool ThinkFlag::is_valid(const std::string& value) noexcept { return parse_budget(value).has_value(); }
int ThinkFlag::budget() const noexcept { return parse_budget(value).value_or(-1); }

void OutputFlags::add_to(CLI::App& command) {
  add_form_to(command);
  command.add_option("--tool-choice", tool_choice, "With --tools: auto, none, required, or a function's name [auto]")
      ->type_name("WHICH")
      ->group("Structure");
  command.add_flag("--no-parallel-calls", no_parallel_calls, "With --tools: one call at most")->group("Structure");
}

void OutputFlags::add_form_to(CLI::App& command) {
  const auto add = [&](const char* name, auto& target, const char* type, const char* help) {
    return command.add_option(name, target, help)->type_name(type)->group("Structure");
  };
  // A variable of a script that is not set must not take the constraint away.
  const auto not_empty = [](const std::string& value) {
    return value.empty() ? std::string("expected a value, found nothing") : std::string();
  };
  add("--schema", schema, "FILE", "Answer with JSON that obeys this JSON Schema")->check(not_empty);
  command.add_flag("--json-object", json_object, "Answer with a JSON object")->group("Structure");
  add("--white-space", white_space, "STYLE",
      "Of that JSON: compact, spaced (as Python writes it), or flexible [compact]")
      ->check(CLI::IsMember({"compact", "spaced", "flexible"}));
  add("--regex", regex, "PATTERN", "Answer with what this regular expression matches as a whole")->check(not_empty);
  add("--grammar", grammar, "FILE", "Answer with a text of this grammar: .gbnf, .lark, or .json for a JSON Schema")
      ->check(not_empty);
  add("--choice", choices, "A,B,C", "Answer with one of these; repeatable")->allow_extra_args(false);
}

std::vector<std::string> OutputFlags::all_choices() const {
  std::vector<std::string> all;
  for (const std::string& list : choices)
    for (size_t begin = 0; begin <= list.size();) {
      const size_t end = std::min(list.find(',', begin), list.size());
      std::string choice = list.substr(begin, end - begin);
      begin = end + 1;
      if (choice.empty()) throw_error<RequestError>("--choice {}: an empty choice; expected a,b,c", list);
      if (std::ranges::find(all, choice) == all.end()) all.push_back(std::move(choice));
    }
  return all;
}

SharedGrammar calls_of(const text::ChatJson& tools, constraint::CallOptions options, const runtime::Engine& engine) {
  using Form = constraint::CallOptions::Form;
  options.form = engine.chat_family() == runtime::ChatFamily::Gemma3 ? Form::Json : Form::Tokens;
  return compiled(call_grammar(tools, options));
}

SharedGrammar grammar_of_file(const std::string& path, constraint::WhiteSpace white_space) {
  return compiled(read_grammar(path, white_space).grammar);
}

void OutputFlags::check(const text::ChatJson& tools) const {
  std::vector<std::string_view> given;
  if (!schema.empty()) given.push_back("--schema");
  if (!regex.empty()) given.push_back("--regex");
  if (!grammar.empty()) given.push_back("--grammar");
  if (!choices.empty()) given.push_back("--choice");
  if (json_object) given.push_back("--json-object");
  if (given.size() > 1)
    throw_error<RequestError>("{} and {}: an answer has one form, so give one of them", given[0], given[1]);
  if (tools.empty()) {
    if (tool_choice != "auto" || no_parallel_calls)
      throw_error<RequestError>("{}: there are no functions to call; declare some with --tools FILE",
                                no_parallel_calls ? "--no-parallel-calls" : "--tool-choice");
  } else if (!given.empty() && tool_choice != "none") {
    throw_error<RequestError>("{} with --tools: calls have their own form; add --tool-choice none, or leave out one",
                              given[0]);
  }
}

SharedGrammar OutputFlags::answer_grammar(const text::ChatJson& tools, const runtime::Engine& engine) const {
  const auto space = parse_white_space(white_space);
  if (!schema.empty()) return compiled(read_schema(schema, space).grammar);
  if (!grammar.empty()) return grammar_of_file(grammar, space);
  if (!regex.empty()) return compiled(regex_grammar(regex));
  if (!choices.empty()) return compiled(choice_grammar(all_choices()));
  if (json_object) return compiled(any_object_grammar(space));
  if (tools.empty() || tool_choice == "none") return {};
  using Choice = constraint::CallOptions::Choice;
  constraint::CallOptions options;
  options.choice = tool_choice == "auto" ? Choice::Auto : tool_choice == "required" ? Choice::Required : Choice::Named;
  options.name = tool_choice;
  options.parallel = !no_parallel_calls;
  return calls_of(tools, options, engine);
}

std::optional<runtime::OutputRules> output_rules(const Prompt& prompt, const ThinkFlag& think, SharedGrammar grammar) {
  using Thought = runtime::OutputRules::Thought;
  if (!prompt.is_chat && !grammar) return {};
  runtime::OutputRules rules;
  rules.grammar = std::move(grammar);
  rules.is_chat = prompt.is_chat;
  rules.thought = prompt.starts_in_thought ? Thought::Open : think.on() ? Thought::Allowed : Thought::Forbidden;
  rules.thought_budget = think.budget();
  return rules;
}

}  // namespace facet::apps
