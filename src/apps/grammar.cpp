// facet grammar: what a grammar or a schema asks of an answer, and whether it can be enforced.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/commands.h"
#include "apps/grammar_input.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "base/error.h"
#include "constraint/matcher/matcher.h"
#include "runtime/model_facts.h"
#include "runtime/token_table.h"

namespace facet::apps {
namespace {

struct GrammarFlags {
  std::string file, model, white_space = "compact";
  bool json = false;
};

// What a model makes of it: the tokens that an answer may begin with.
struct FirstTokens {
  std::string model;
  size_t n_tokens = 0;
};

FirstTokens first_tokens(const std::shared_ptr<const constraint::CompiledGrammar>& grammar, const std::string& name) {
  ModelOptions model;
  model.projector = "none";
  const runtime::EngineOptions options = model.engine_options();
  const std::string path = find_model(name);
  const runtime::ModelFacts facts = runtime::read_model(path, options);
  const auto table =
      constraint::TokenTable::make(runtime::token_table_parts(*facts.tokenizer, facts.defaults.stop_tokens));
  constraint::TokenMask mask(table->n_tokens());
  constraint::Matcher(grammar, table).mask(mask);
  return {path, mask.count()};
}

void print_text(const GrammarFlags& flags, const GrammarInput& input, const constraint::CompiledGrammar& compiled,
                const std::optional<FirstTokens>& first) {
  fmt::print("{}: {}\n", printable(flags.file), input.kind);
  if (!input.notes.enforced.empty()) fmt::print("enforced: {}\n", fmt::join(input.notes.enforced, ", "));
  for (const std::string& place : input.notes.inexact)
    fmt::print("in part: {}: a text may begin an item that has been there, and then ends in an error\n",
               printable(place));
  for (const std::string& place : input.notes.annotations)
    fmt::print("without effect on answers: {}\n", printable(place));
  fmt::print("{} expressions, {:.1f} kB\n", compiled.n_expressions(), static_cast<double>(compiled.n_bytes()) / 1e3);
  if (first) fmt::print("{}: {} tokens may come first\n", printable(first->model), first->n_tokens);
}

int check_grammar(const GrammarFlags& flags) {
  GrammarInput input = read_grammar(flags.file, parse_white_space(flags.white_space));
  const size_t n_nodes = input.grammar.size(), n_expressions = input.grammar.regexes().size();
  const auto compiled = std::make_shared<constraint::CompiledGrammar>(std::move(input.grammar));
  std::optional<FirstTokens> first;
  if (!flags.model.empty()) first = first_tokens(compiled, flags.model);
  if (!flags.json) {
    print_text(flags, input, *compiled, first);
    return 0;
  }
  text::ChatJson out{{"path", flags.file},
                     {"kind", input.kind},
                     {"enforced", input.notes.enforced},
                     {"inexact", input.notes.inexact},
                     {"annotations", input.notes.annotations},
                     {"nodes", n_nodes},
                     {"expressions", n_expressions},
                     {"bytes", compiled->n_bytes()}};
  if (first) out["first_tokens"] = first->n_tokens;
  print_json(out);
  return 0;
}

// A grammar that is no good is what the command is asked about, not a wrong command line.
int run_check(const GrammarFlags& flags) {
  try {
    return check_grammar(flags);
  } catch (const RequestError& e) {
    fmt::print(stderr, "facet: error: {}\n", e.what());
    return 1;
  }
}

}  // namespace

void add_grammar(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("grammar", "What a grammar or a JSON Schema asks of an answer");
  command->require_subcommand(1);
  CLI::App* check = command->add_subcommand("check", "Say what is enforced, or why it cannot be");
  const auto flags = std::make_shared<GrammarFlags>();
  check->add_option("FILE", flags->file, "A JSON Schema (.json), or a grammar (.gbnf, .lark)")->required();
  check->add_option("-m,--model", flags->model, "Check it against this model's tokens too")->type_name("MODEL");
  check->add_option("--white-space", flags->white_space, "Of JSON: compact, spaced or flexible [compact]")
      ->check(CLI::IsMember({"compact", "spaced", "flexible"}))
      ->type_name("STYLE");
  check->add_flag("--json", flags->json, "One JSON object on stdout");
  check->footer("Example:\n  facet grammar check person.json");
  check->callback([flags, &action] { action = [flags] { return run_check(*flags); }; });
}

}  // namespace facet::apps
