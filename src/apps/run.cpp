// facet run: one answer.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/answer.h"
#include "apps/commands.h"
#include "apps/model_options.h"
#include "apps/terminal.h"
#include "base/error.h"
#include "base/system_memory.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  ModelOptions model;
  SamplingOptions sampling;
  std::string prompt, system;
  bool raw = false, think = false, json = false, stats = false;
};

// The argument, then what stdin brings: `facet run "Summarise:" < file`.
std::string read_prompt(const Flags& flags) {
  std::string prompt = flags.prompt;
  if (!stdin_is_terminal()) {
    const std::string piped = read_stdin();
    if (!prompt.empty() && !piped.empty()) prompt += "\n\n";
    prompt += piped;
  }
  if (prompt.empty()) throw RequestError("there is no prompt: give one as an argument or on standard input");
  return prompt;
}

Json stats_json(const runtime::Engine& engine, const runtime::GenerateStats& s) {
  const auto rate = [](int n, double seconds) { return seconds > 0 ? n / seconds : 0.0; };
  return {{"prompt_tokens", s.n_prompt},
          {"reused_tokens", s.prompt.n_reused},
          {"computed_tokens", s.prompt.n_computed},
          {"recomputed_tokens", s.prompt.n_recomputed},
          {"generated_tokens", s.n_generated},
          {"load_ms", engine.load_seconds() * 1e3},
          {"prompt_ms", s.prompt_seconds * 1e3},
          {"first_token_ms", s.first_token_seconds * 1e3},
          {"prompt_tokens_per_s", rate(s.prompt.n_computed, s.prompt_seconds)},
          {"tokens_per_s", rate(s.n_generated - 1, s.decode_seconds)},
          {"peak_rss_bytes", peak_resident_memory()}};
}

void print_stats(const runtime::Engine& engine, const runtime::GenerateStats& s) {
  const Json j = stats_json(engine, s);
  fmt::print(stderr,
             "load {:.0f} ms; prompt {} tokens ({} reused) in {:.0f} ms, {:.1f} tokens/s; first token {:.0f} ms; {} "
             "tokens at {:.1f} tokens/s; peak {:.0f} MB\n",
             j["load_ms"].get<double>(), s.n_prompt, s.prompt.n_reused, j["prompt_ms"].get<double>(),
             j["prompt_tokens_per_s"].get<double>(), j["first_token_ms"].get<double>(), s.n_generated,
             j["tokens_per_s"].get<double>(), static_cast<double>(peak_resident_memory()) / 1e6);
}

Json logprobs_json(const runtime::Engine& engine, const std::vector<runtime::Logprobs>& all) {
  Json out = Json::array();
  const auto entry = [&](const runtime::TokenLogprob& t) {
    return Json{
        {"id", t.token}, {"text", engine.tokenizer().decode(std::span(&t.token, 1), false)}, {"logprob", t.logprob}};
  };
  for (const runtime::Logprobs& one : all) {
    Json token = entry(one.chosen);
    token["top"] = Json::array();
    for (const auto& t : one.top) token["top"].push_back(entry(t));
    out.push_back(std::move(token));
  }
  return out;
}

int run(const Flags& flags) {
  const std::string text = read_prompt(flags);
  const auto engine = flags.model.load();
  runtime::Session session(engine);
  auto options = flags.sampling.generate_options(*engine);
  const InterruptGuard interrupt;
  options.cancel = &InterruptGuard::flag();

  const Prompt prompt = flags.raw ? raw_prompt(*engine, text) : chat_prompt(*engine, {flags.system, text, flags.think});
  AnswerPrinter printer(*engine, prompt, !flags.json);
  const auto result =
      runtime::generate(session, prompt.tokens, options, [&](const runtime::GenerateEvent& e) { printer.push(e); });
  printer.finish();
  if (flags.json) {
    Json out = printer.json();
    out["finish"] = std::string(runtime::finish_reason_name(result.finish));
    out["tokens"] = result.tokens;
    if (options.n_logprobs >= 0) out["logprobs"] = logprobs_json(*engine, result.logprobs);
    out["stats"] = stats_json(*engine, result.stats);
    fmt::print("{}\n", out.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (flags.stats) print_stats(*engine, result.stats);
  return result.finish == runtime::FinishReason::Cancelled ? 1 : 0;
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("run", "Answer one prompt");
  const auto flags = std::make_shared<Flags>();
  command->add_option("PROMPT", flags->prompt, "The prompt; standard input is added to it");
  flags->model.add_to(*command);
  command->add_option("--system", flags->system, "System instructions")->type_name("TEXT");
  command->add_flag("--think", flags->think, "Let the model reason before it answers");
  command->add_flag("--raw", flags->raw, "Continue the text as it is, without the chat format");
  command->add_flag("--json", flags->json, "One JSON object on stdout instead of streaming text");
  command->add_flag("--stats", flags->stats, "Timings on stderr");
  flags->sampling.add_to(*command);
  command->footer(
      "Examples:\n  facet run \"Why is the sky blue?\"\n  facet run --raw \"Once upon a time\" -n 100 --temperature "
      "0\n  cat report.txt | facet run \"Summarise this:\"");
  command->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace facet::apps
