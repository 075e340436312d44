#include "apps/serve/served_models.h"

#include <algorithm>

#include "apps/kept_pages.h"
#include "apps/shipped_models.h"
#include "base/cpu_topology.h"
#include "base/error.h"
#include "base/system_memory.h"
#include "runtime/tuning.h"
#include "server/duration.h"

namespace facet::apps {
namespace {

server::ServedModel named_model(const std::string& given) {
  const size_t equals = given.find('=');
  if (equals != std::string::npos && equals > 0) return {given.substr(0, equals), find_model(given.substr(equals + 1))};
  const std::string path = find_model(given);
  // What is built into the program has no path that anybody knows.
  return {path == given || !is_shipped_name(given) ? server::model_name_of_path(path) : given, path};
}

ModelOptions with_cache(const ServedModelFlags& flags) {
  ModelOptions options = flags.options;
  if (!flags.forgets) options.cache_bytes = kCacheBytes;
  return options;
}

double keep_alive_seconds(const std::string& text) {
  if (const auto seconds = server::parse_duration(text)) return *seconds;
  throw_error<RequestError>("--keep-alive {}: expected a time such as 90s, 5m or 2h, or -1 for ever", text);
}

// Those that were named, then the library's, then those that came with the program.
std::vector<server::ServedModel> list_models(const std::vector<server::ServedModel>& named, bool only_named) {
  std::vector<server::ServedModel> all = named;
  const auto add = [&all](server::ServedModel model) {
    const auto is_same = [&](const server::ServedModel& m) { return m.name == model.name || m.path == model.path; };
    if (std::ranges::none_of(all, is_same)) all.push_back(std::move(model));
  };
  if (only_named && !named.empty()) return all;
  for (const std::string& name : library_models())
    add({server::model_name_of_path(name), library_folder() + "/" + name});
  for (const char* name : {"nano", "nano-moe"})
    if (const auto path = find_shipped_model(name)) add({name, *path});
  return all;
}

}  // namespace

void ServedModelFlags::add_to(CLI::App& command) {
  command
      .add_option("-m,--model", models,
                  "A model to serve: a path, a name in the library, or NAME=PATH; repeatable, the first is the default")
      ->allow_extra_args(false)
      ->type_name("MODEL");
  command.add_flag("--only", only_named, "Serve no other models than those named with -m");
  command
      .add_option("--mmproj", options.projector,
                  "The GGUF file of the encoders of pictures and sound [the one beside the model]; none: without")
      ->type_name("FILE");
  add_arithmetic_to(command, options.backend, options.activations, options.threads);
  options.add_memory_to(command);
  options.add_placement_to(command);
  command.add_option("--keep-alive", keep_alive, "How long an unused model stays loaded: 5m, 2h; -1: for ever [5m]")
      ->type_name("TIME");
  command.add_option("--parallel", parallel, "Requests that are computed at the same time [32]")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command.add_option("--queue", queue, "Requests that may wait; more are sent away with 503 [256]")
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("N");
  command.add_flag("--no-cache", forgets, "Keep nothing of prompts and answers for later requests");
  command.add_flag("--think", think, "Let models think where a request does not say");
  command
      .add_option("--max-same-calls", max_same_calls,
                  "After so many equal calls in a row a model has to answer with text; 0: never [20]")
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("N");
  command.add_option("--max-rounds", max_rounds, "The same after so many rounds of calls without text [0]")
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("N");
  command
      .add_option("--max-same-text", max_same_text,
                  "After so many tokens that only repeat a passage an answer without a limit ends; 0: never [512]")
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("N");
}

std::unique_ptr<server::EngineService> make_service(const ServedModelFlags& flags) {
  std::vector<server::ServedModel> named;
  for (const std::string& given : flags.models) named.push_back(named_model(given));
  runtime::EngineOptions engine = with_cache(flags).engine_options();
  if (engine.memory_limit == 0) engine.memory_limit = available_memory();
  server::EngineServiceOptions options;
  options.memory_bytes = engine.memory_limit;
  options.backend = engine.backend == runtime::Backend::Ref ? "ref" : "cpu";
  options.kernels = runtime::kernels_of(engine).name;
  options.n_threads = engine.n_threads > 0 ? engine.n_threads : usable_processors();
  options.load = [from = with_cache(flags)](const std::string& path, int64_t memory_bytes) mutable {
    from.memory_limit = memory_bytes > 0 ? std::to_string(memory_bytes) : "";
    return from.load_from(path);
  };
  if (!flags.forgets) options.open_cache = open_kept_pages;
  options.keep_alive = keep_alive_seconds(flags.keep_alive);
  options.thinks = flags.think;
  options.scheduler.max_running = flags.parallel;
  options.scheduler.max_queued = flags.queue;
  if (!flags.forgets) options.media_folder = facet_home() + "/cache/media";
  options.max_same_calls = flags.max_same_calls;
  options.max_rounds = flags.max_rounds;
  options.max_same_text = flags.max_same_text;
  auto list = [named, only = flags.only_named] { return list_models(named, only); };
  if (list().empty())
    throw_error<RequestError>("there is no model to serve: name one with -m PATH, or put one into {}",
                              library_folder());
  return std::make_unique<server::EngineService>(
      std::make_unique<server::ModelCatalog>(std::move(list), engine, facet_home() + "/server/names.json"),
      std::move(options));
}

void add_figures(http::Metrics& metrics, server::EngineService& service) {
  using Figures = runtime::SchedulerMetrics;
  const auto of = [&service](auto member) {
    return [&service, member] { return static_cast<double>(service.total().*member); };
  };
  const auto gauge = [&](const char* name, const char* help, auto member) {
    metrics.add_gauge(name, help, of(member));
  };
  const auto counter = [&](const char* name, const char* help, auto member) {
    metrics.add_counter(name, help, of(member));
  };
  gauge("facet_queued_requests", "Requests that wait", &Figures::n_queued);
  gauge("facet_running_requests", "Requests that are computed", &Figures::n_running);
  gauge("facet_kv_reserved_bytes", "Keys, values and logits that running requests count with",
        &Figures::kv_reserved_bytes);
  metrics.add_gauge("facet_memory_bytes", "What loaded models may come to take",
                    [&service] { return static_cast<double>(service.memory_bytes()); });
  counter("facet_generated_tokens_total", "Tokens of answers", &Figures::n_tokens);
  counter("facet_reused_tokens_total", "Tokens of prompts that were not computed again", &Figures::n_reused_tokens);
  counter("facet_prefill_rows_total", "Tokens of prompts computed", &Figures::n_prefill_rows);
  counter("facet_decode_steps_total", "Steps of answers", &Figures::n_decode_steps);
  counter("facet_refused_requests_total", "Requests sent away because too many waited", &Figures::n_refused);
  counter("facet_suspended_requests_total", "Times that a request gave its memory to others for a while",
          &Figures::n_suspended);
}

}  // namespace facet::apps
