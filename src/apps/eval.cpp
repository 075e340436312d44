// facet eval: how well a model does on a set of skills, or on a text.
#include <fmt/format.h>

#include "apps/commands.h"
#include "apps/eval/skills.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "apps/terminal.h"
#include "base/error.h"
#include "base/file.h"
#include "runtime/backend.h"
#include "runtime/divergence.h"
#include "runtime/perplexity.h"

namespace facet::apps {
namespace {

struct EvalFlags {
  ModelOptions model;
  std::string file, reference;
  int chunk = 512, max_chunks = 0;
  bool as_decoding = false, json = false;
};

int eval_perplexity(EvalFlags flags) {
  const std::string text = read_file(flags.file);
  if (flags.model.context == 0) flags.model.context = flags.chunk;
  const auto engine = flags.model.load();
  const bool progress = stderr_is_terminal();
  const auto show = [](int done, int total, double so_far) {
    fmt::print(stderr, "\r{} of {} chunks, perplexity {:.4f} ", done, total, so_far);
  };
  runtime::PerplexityOptions options{flags.chunk, flags.max_chunks, {}};
  if (progress) options.on_chunk = show;
  const auto result = runtime::perplexity(engine, text, options);
  if (progress) fmt::print(stderr, "\r\x1b[K");
  if (flags.json)
    print_json({{"perplexity", result.perplexity},
                {"error", result.error},
                {"chunks", result.n_chunks},
                {"tokens_scored", result.n_scored},
                {"running", result.running}});
  else
    fmt::print("perplexity {:.4f} +- {:.4f} ({} chunks of {}, {} tokens scored)\n", result.perplexity, result.error,
               result.n_chunks, flags.chunk, result.n_scored);
  return 0;
}

// The reference computes what its file says: activations and the cache are not rounded.
std::shared_ptr<const runtime::Engine> load_reference(const EvalFlags& flags) {
  ModelOptions options = flags.model;
  if (!flags.reference.empty()) options.model = flags.reference;
  options.activations = options.kv = "f32";
  options.numa = "off";  // the process has it from the model
  return options.load();
}

int eval_divergence(EvalFlags flags) {
  const std::string text = read_file(flags.file);
  if (flags.model.context == 0) flags.model.context = flags.chunk;
  const auto reference = load_reference(flags);
  if (flags.as_decoding) flags.model.prefill_chunk = runtime::kDecodeRows;
  const auto model = flags.model.load();
  runtime::DivergenceOptions options{flags.chunk, flags.max_chunks, {}};
  const bool progress = stderr_is_terminal();
  if (progress) options.on_chunk = [](int done, int total) { fmt::print(stderr, "\r{} of {} chunks ", done, total); };
  const auto r = runtime::divergence(model, reference, text, options);
  if (progress) fmt::print(stderr, "\r\x1b[K");
  const auto share = [](int64_t part, auto all) {
    return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 1;
  };
  const double same = share(r.n_same_top, r.kl.size()), clear_same = share(r.n_clear_same, r.n_clear);
  if (flags.json) {
    print_json({{"kl", {{"mean", r.mean()}, {"median", r.at(0.5)}, {"p99", r.at(0.99)}, {"max", r.at(1)}}},
                {"same_top", same},
                {"same_top_where_clear", clear_same},
                {"perplexity", r.perplexity},
                {"reference_perplexity", r.reference_perplexity},
                {"positions", r.kl.size()},
                {"clear_positions", r.n_clear}});
    return 0;
  }
  fmt::print("KL divergence  mean {:.2e}, median {:.2e}, 99 % {:.2e}, largest {:.2e}\n", r.mean(), r.at(0.5),
             r.at(0.99), r.at(1));
  fmt::print("same top token {:.2f} %; where it leads by more than {} % of probability {:.2f} %\n", 100 * same,
             100 * runtime::kClearLead, 100 * clear_same);
  fmt::print("perplexity     {:.4f} for the reference's {:.4f}, {:+.3f} %\n", r.perplexity, r.reference_perplexity,
             100 * (r.perplexity / r.reference_perplexity - 1));
  fmt::print("               {} positions, {} of them clear\n", r.kl.size(), r.n_clear);
  return 0;
}

// What both commands have in common.
void add_text_to(CLI::App& command, EvalFlags& flags) {
  command.add_option("FILE", flags.file, "A text file")->required();
  flags.model.add_to(command);
  command.add_option("--chunk", flags.chunk, "Tokens a chunk")
      ->check(CLI::Range(4, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--chunks", flags.max_chunks, "Only the first N chunks [all]")
      ->check(CLI::Range(1, 1 << 28))
      ->type_name("N");
  command.add_flag("--json", flags.json, "One JSON object on stdout");
}

}  // namespace

void add_eval(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("eval", "Measure a model");
  command->require_subcommand(0, 1);
  const auto skills = std::make_shared<eval::SkillsFlags>();
  skills->add_to(*command);
  command->footer(
      "Examples:\n  facet eval nano\n  facet eval nano --skills copy,tool_choice --limit 20 --failures\n"
      "  facet eval FOLDER -m MODEL --json");
  command->callback([command, skills, &action] {
    const auto below = command->get_subcommands();
    if (below.empty()) {
      action = [skills] { return eval::eval_skills(*skills); };
      return;
    }
    for (const CLI::Option* option : command->get_options())
      if (option->count() > 0)
        throw_error<RequestError>("{} stands before {}: facet eval {} takes its options after its name",
                                  option->get_name(), below[0]->get_name(), below[0]->get_name());
  });
  const auto flags = std::make_shared<EvalFlags>();
  CLI::App* perplexity = command->add_subcommand("perplexity", "Perplexity on a text file, by llama.cpp's protocol");
  add_text_to(*perplexity, *flags);
  perplexity->footer("Example:\n  facet eval perplexity README.md");
  perplexity->callback([flags, &action] { action = [flags] { return eval_perplexity(*flags); }; });

  CLI::App* divergence = command->add_subcommand("divergence", "How far a model's predictions are from a reference's");
  add_text_to(*divergence, *flags);
  divergence
      ->add_option("--reference", flags->reference, "Another precision of the model [the model itself, unrounded]")
      ->type_name("MODEL");
  divergence->add_flag("--as-decoding", flags->as_decoding, "Compute few tokens at a time, as an answer is");
  divergence->footer(
      "Examples:\n  facet eval divergence README.md --activations int8\n"
      "  facet eval divergence README.md --kv q8_0 --as-decoding --chunk 256");
  divergence->callback([flags, &action] { action = [flags] { return eval_divergence(*flags); }; });
}

}  // namespace facet::apps
