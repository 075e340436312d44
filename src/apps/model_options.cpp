#include "apps/model_options.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "apps/shipped_models.h"
#include "apps/terminal.h"
#include "apps/tuning.h"
#include "base/cpu_topology.h"
#include "base/error.h"
#include "base/numa.h"
#include "model/config.h"
#include "runtime/encoders.h"

namespace facet::apps {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "6GB", "1.5 GiB", "700000000": bytes, at least one.
int64_t parse_size(const std::string& text) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1},      {"b", 1},        {"kb", 1e3},     {"mb", 1e6},     {"gb", 1e9},
      {"tb", 1e12}, {"kib", 0x1p10}, {"mib", 0x1p20}, {"gib", 0x1p30}, {"tib", 0x1p40}};
  try {
    size_t end = 0;
    const double number = std::stod(text, &end);
    std::string unit = text.substr(std::min(text.find_first_not_of(' ', end), text.size()));
    std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return std::tolower(c); });
    for (const auto& [name, bytes] : kUnits)
      if (unit == name && number * bytes >= 1 && number * bytes < 0x1p62) return static_cast<int64_t>(number * bytes);
  } catch (const std::exception&) {
  }
  throw_error<RequestError>("--memory-limit {}: expected a size, for example 6GB or 512MiB", text);
}

runtime::LogitBias parse_bias(const std::string& text) {
  const size_t equals = text.find('=');
  try {
    size_t id_end = 0, value_end = 0;
    const std::string id = text.substr(0, equals), value = equals == std::string::npos ? "" : text.substr(equals + 1);
    const runtime::LogitBias bias{std::stoi(id, &id_end), std::stof(value, &value_end)};
    const bool usable = bias.bias < std::numeric_limits<float>::infinity();  // neither that nor NaN
    if (id_end == id.size() && value_end == value.size() && usable) return bias;
  } catch (const std::exception&) {
  }
  throw_error<RequestError>("--logit-bias {}: expected TOKEN_ID=VALUE, for example 106=-inf", text);
}

// A path that is there but cannot be looked at is reported by whoever opens it.
bool may_exist(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error) || error;
}

// Whether a bare name is a folder here that holds no model; one of this name elsewhere is not hidden by it.
bool is_mere_folder(const std::string& name) {
  std::error_code error;
  return name.find('/') == std::string::npos && fs::is_directory(name, error) &&
         !fs::exists(fs::path(name) / "config.json", error);
}

}  // namespace

std::string facet_home() {
  if (const std::string home = environment("FACET_HOME"); !home.empty()) return home;
  if (const std::string data = environment("XDG_DATA_HOME"); !data.empty()) return data + "/facet";
  const std::string home = environment("HOME");
  return (home.empty() ? "." : home) + "/.local/share/facet";
}

std::string library_folder() { return facet_home() + "/models"; }

std::vector<std::string> library_models() {
  std::vector<std::string> names;
  std::error_code error, unknown;
  fs::directory_iterator entry(library_folder(), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();  // a folder that cannot be looked into is no model
    const std::string name = path.filename().string();
    if (runtime::is_projector_name(name)) continue;  // a part of the model beside it
    if (path.extension() == ".gguf" || fs::exists(path / "config.json", unknown)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string find_model(const std::string& name) {
  const std::string wanted = name.empty() ? environment("FACET_MODEL") : name;
  const std::string folder = library_folder() + "/";
  if (!wanted.empty()) {
    const bool is_there = may_exist(wanted);
    if (is_there && !is_mere_folder(wanted)) return wanted;
    for (const std::string& candidate : {folder + wanted, folder + wanted + ".gguf"})
      if (may_exist(candidate)) return candidate;
    if (const auto shipped = find_shipped_model(wanted)) return *shipped;
    if (is_there) return wanted;
  }
  const auto names = library_models();
  if (wanted.empty() && names.size() == 1) return folder + names[0];
  if (const auto nano = wanted.empty() && names.empty() ? find_shipped_model("nano") : std::nullopt) {
    fmt::print(stderr, "facet: {}\n", printable(nano_note(library_folder())));
    return *nano;
  }
  const std::string there =
      names.empty() ? "the library is empty" : fmt::format("the library has {}", fmt::join(names, ", "));
  if (wanted.empty())
    throw_error<RequestError>("no model was named and there is no single one in {}: {}; give -m PATH", folder, there);
  if (is_shipped_name(wanted))
    throw_error<RequestError>(
        "model \"{}\" is neither a path nor in {}, and it did not come with this facet: {}; give -m PATH", wanted,
        folder, there);
  throw_error<RequestError>("model \"{}\" is neither a path nor in {}: {}; give -m PATH", wanted, folder, there);
}

void add_arithmetic_to(CLI::App& command, std::string& backend, std::string& activations, int& threads) {
  command.add_option("--backend", backend, "cpu, or ref: the slow specification [cpu]")
      ->check(CLI::IsMember({"cpu", "ref"}))
      ->type_name("NAME");
  command
      .add_option("--activations", activations,
                  fmt::format("How far products may round them where that is faster: bf16, int16, int8 or f32 [{}]",
                              activations))
      ->check(CLI::IsMember({"bf16", "int16", "int8", "f32"}))
      ->type_name("TYPE");
  command
      .add_option("--threads", threads,
                  "Threads to compute with [what facet doctor --tune chose, else the cores there are]")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
}

runtime::Backend parse_backend(const std::string& name) {
  return name == "ref" ? runtime::Backend::Ref : runtime::Backend::Cpu;
}

runtime::Activations parse_activations(const std::string& name) {
  if (name == "f32") return runtime::Activations::F32;
  if (name == "int8") return runtime::Activations::Int8;
  return name == "int16" ? runtime::Activations::Int16 : runtime::Activations::BF16;
}

void ModelOptions::add_to(CLI::App& command) {
  command.add_option("-m,--model", model, "A .gguf, a checkpoint folder, or a name in the library")->type_name("MODEL");
  command
      .add_option("--mmproj", projector,
                  "The GGUF file of the model's picture and sound encoders [the one beside it]; none: without")
      ->type_name("FILE");
  add_arithmetic_to(command, backend, activations, threads);
  add_memory_to(command);
  add_placement_to(command);
}

void ModelOptions::add_memory_to(CLI::App& command) {
  command.add_option("--ctx", context, "Tokens of context [the largest that fits half of the free memory]")
      ->check(CLI::Range(1, 1 << 28))
      ->type_name("N");
  command
      .add_option("--kv", kv,
                  fmt::format("The cache of keys and values: f32, f16, bf16, or q8_0, half of f16 [{}]", kv))
      ->check(CLI::IsMember({"f32", "f16", "bf16", "q8_0"}))
      ->type_name("TYPE");
  command.add_option("--memory-limit", memory_limit, "Plan with this much memory, for example 6GB [what is free]")
      ->type_name("SIZE");
  command.add_flag("--mlock", mlock, "Keep the weights in memory, whatever else needs it");
}

void ModelOptions::add_placement_to(CLI::App& command) {
  command.add_flag("--pin", pin, "Bind threads to processors, a core each; for a machine that does nothing else");
  command.add_option("--numa", numa, fmt::format("Where pages go on several sockets: off, or interleave [{}]", numa))
      ->check([](const std::string& value) {
        if (value == "off" || value == "interleave") return std::string();
        return "\"" + value + "\" is none of off and interleave" +
               (value == "replicate" ? ": weights stay in the file's one copy" : "");
      })
      ->type_name("POLICY");
}

std::string place_memory(const std::string& numa, const std::vector<int>& nodes) {
  if (numa != "interleave") return "";
  if (nodes.empty()) return "--numa interleave does nothing: the system does not tell its NUMA nodes";
  if (nodes.size() < 2) return "--numa interleave does nothing: the machine has a single NUMA node";
  interleave_memory(nodes);
  return "";
}

runtime::EngineOptions ModelOptions::engine_options() const {
  runtime::EngineOptions options;
  options.backend = parse_backend(backend);
  options.activations = parse_activations(activations);
  options.kv = kv == "f32"    ? runtime::KvPrecision::F32
               : kv == "bf16" ? runtime::KvPrecision::BF16
               : kv == "q8_0" ? runtime::KvPrecision::Q8_0
                              : runtime::KvPrecision::F16;
  options.n_threads = threads;
  options.context = context;
  options.projector = projector;
  options.in_memory = built_in_files();
  options.lock_memory = mlock;
  options.prefill_chunk = prefill_chunk;
  options.cache_bytes = cache_bytes;
  options.pin_threads = pin;
  if (!memory_limit.empty()) options.memory_limit = parse_size(memory_limit);
  if (options.backend == runtime::Backend::Cpu) apply_tuning(options);
  return options;
}

std::shared_ptr<const runtime::Engine> ModelOptions::load(const runtime::EngineOptions::WrapOps& wrap_ops) const {
  return load_from(find_model(model), wrap_ops);
}

std::shared_ptr<const runtime::Engine> ModelOptions::load_from(const std::string& path,
                                                               const runtime::EngineOptions::WrapOps& wrap_ops) const {
  ProgressLine loading("loading " + path);
  auto options = engine_options();
  if (const std::string line = place_memory(numa, memory_nodes()); !line.empty())
    fmt::print(stderr, "facet: {}\n", line);
  options.wrap_ops = wrap_ops;
  options.progress = [&loading](int64_t done, int64_t total) { loading.show(done, total); };
  auto engine = runtime::Engine::load(path, options);
  for (const std::string& line :
       expectations(engine->plan(engine->context()), engine->n_threads(), usable_processors()))
    fmt::print(stderr, "facet: {}\n", line);
  return engine;
}

std::vector<std::string> expectations(const runtime::MemoryPlan& plan, int n_threads, int n_processors) {
  std::vector<std::string> out;
  if (plan.available_bytes > 0 && plan.resident_bytes > plan.available_bytes)
    out.push_back(fmt::format(
        "the model takes {:.1f} GB of memory and {:.1f} GB are available: parts of it will be read from disk again and "
        "again, for each token; a smaller --ctx or a smaller quantisation is faster",
        static_cast<double>(plan.resident_bytes) / 1e9, static_cast<double>(plan.available_bytes) / 1e9));
  if (n_threads > n_processors)
    out.push_back(fmt::format("{} threads share {} processor{}: fewer are faster", n_threads, n_processors,
                              n_processors == 1 ? "" : "s"));
  return out;
}

void SamplingOptions::add_to(CLI::App& command) {
  const auto add = [&](const char* name, auto& target, const char* type, const char* help) {
    return command.add_option(name, target, help)->type_name(type)->group("Sampling");
  };
  add("-n,--max-tokens", max_tokens, "N", "Tokens to generate at most [to the end of the context]")
      ->check(CLI::Range(0, 1 << 28));
  add("--temperature", temperature, "X", "Higher is more varied; 0: always the most likely token [the model's]");
  add("--top-k", top_k, "K", "Choose among the K most likely tokens; 0: all [the model's]");
  add("--top-p", top_p, "P", "Choose among the most likely that make up P [the model's]");
  add("--min-p", min_p, "P", "Choose among those with P times the best token's probability; 0: all [the model's]");
  add("--typical-p", typical_p, "P", "Choose among the locally typical that make up P; 1: all [the model's]");
  add("--repetition-penalty", repetition_penalty, "X", "Divide the logits of tokens seen by X; 1: off [the model's]");
  add("--presence-penalty", presence_penalty, "X", "Lower the logit of a token seen by X [0]");
  add("--frequency-penalty", frequency_penalty, "X", "Lower it by X for each time it was seen [0]");
  add("--penalty-window", penalty_window, "N", "Tokens that penalties look back at; -1: all [the model's]");
  // Of the repeatable ones, the word after the value is not another value.
  add("--logit-bias", bias, "ID=VALUE", "Add VALUE to a token's logit; repeatable")->allow_extra_args(false);
  add("--seed", seed, "N", "The same seed gives the same text [random]")->check(CLI::NonNegativeNumber);
  add("--stop", stop, "TEXT", "End the answer before this text; repeatable")->allow_extra_args(false);
  add("--logprobs", n_logprobs, "N", "With --json: each token's log-probability, and the N most likely")
      ->check(CLI::Range(0, 1000));
  add("--draft", draft, "SOURCE", "lookup: verify guesses made from the text so far; the answer stays the same; or off")
      ->check(CLI::IsMember({"lookup", "off"}))
      ->group("Drafting")
      ->capture_default_str();
  add("--draft-tokens", draft_tokens, "N", "Guesses to verify at a time [as many as pay, or none]")
      ->check(CLI::Range(0, runtime::kMaxDraft))
      ->group("Drafting");
}

runtime::GenerateOptions SamplingOptions::generate_options(const runtime::Engine& engine) const {
  runtime::GenerateOptions options = runtime::changed_options(engine, *this);
  runtime::SamplingParams& p = options.sampling;
  for (const std::string& text : bias) {
    p.bias.push_back(parse_bias(text));
    if (const int token = p.bias.back().token; token < 0 || token >= engine.config().n_vocab)
      throw_error<RequestError>("--logit-bias {}: token {} is outside the vocabulary of {}", text, token,
                                engine.config().n_vocab);
  }
  runtime::check(p);
  options.stop = stop;
  options.max_tokens = max_tokens;
  options.n_logprobs = n_logprobs;
  options.draft = draft == "off" ? runtime::Draft::Off : runtime::Draft::Lookup;
  options.draft_tokens = draft_tokens;
  return options;
}

}  // namespace facet::apps
