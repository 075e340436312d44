// facet eval: how well a model does on a text.
#include <fmt/format.h>

#include "apps/commands.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "apps/terminal.h"
#include "base/file.h"
#include "runtime/perplexity.h"

namespace facet::apps {
namespace {

struct EvalFlags {
  ModelOptions model;
  std::string file;
  int chunk = 512, max_chunks = 0;
  bool json = false;
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

}  // namespace

void add_eval(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("eval", "Measure a model");
  command->require_subcommand(1);
  CLI::App* perplexity = command->add_subcommand("perplexity", "Perplexity on a text file, by llama.cpp's protocol");
  const auto flags = std::make_shared<EvalFlags>();
  perplexity->add_option("FILE", flags->file, "A text file")->required();
  flags->model.add_to(*perplexity);
  perplexity->add_option("--chunk", flags->chunk, "Tokens a chunk")
      ->check(CLI::Range(4, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  perplexity->add_option("--chunks", flags->max_chunks, "Only the first N chunks [all]")
      ->check(CLI::Range(1, 1 << 28))
      ->type_name("N");
  perplexity->add_flag("--json", flags->json, "One JSON object on stdout");
  perplexity->footer("Example:\n  facet eval perplexity README.md");
  perplexity->callback([flags, &action] { action = [flags] { return eval_perplexity(*flags); }; });
}

}  // namespace facet::apps
