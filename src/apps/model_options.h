// Flags that several subcommands share: which model, on what, and how to sample.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "runtime/engine.h"
#include "runtime/generate.h"

namespace facet::apps {

// -m, --mmproj, --backend, --activations, --threads, and those of add_memory_to and add_placement_to
struct ModelOptions {
  std::string model, projector;
  std::string backend = "cpu", activations = "bf16", kv = "f16";
  int threads = 0, context = 0;
  std::string memory_limit;  // "6GB"; empty: what is free
  bool mlock = false, pin = false;
  int prefill_chunk = 0;    // no flag, as the next: what commands ask for themselves
  int64_t cache_bytes = 0;  // of kept_pages.h
  std::string numa = "off";

  void add_to(CLI::App& command);
  void add_memory_to(CLI::App& command);     // --ctx, --kv, --memory-limit, --mlock
  void add_placement_to(CLI::App& command);  // --pin, --numa
  // What the flags say, and what the machine's tuning says about what they leave open; a line on stderr where its file
  // is of no use.
  runtime::EngineOptions engine_options() const;
  // The model's path (see find_model), loaded; progress on a terminal's stderr, and a line there for each of
  // expectations().
  std::shared_ptr<const runtime::Engine> load(const runtime::EngineOptions::WrapOps& wrap_ops = {}) const;
  // The same of a path that was found.
  std::shared_ptr<const runtime::Engine> load_from(const std::string& path,
                                                   const runtime::EngineOptions::WrapOps& wrap_ops = {}) const;
};

// Spreads the memory that this process will use over the nodes of the machine, if that is what `numa` asks for. Returns
// a sentence where there is nothing to spread over. Throws ResourceError.
std::string place_memory(const std::string& numa, const std::vector<int>& nodes);

// What will be slow, and why, in sentences: a model larger than the memory there is, more threads than processors.
std::vector<std::string> expectations(const runtime::MemoryPlan& plan, int n_threads, int n_processors);

// How an answer is generated: sampling, its end, drafting. What was not given keeps the model's default.
struct SamplingOptions : runtime::SamplingChanges {
  std::vector<std::string> bias, stop;
  int max_tokens = -1, n_logprobs = -1, draft_tokens = -1;
  std::string draft = "lookup";

  void add_to(CLI::App& command);
  runtime::GenerateOptions generate_options(const runtime::Engine& engine) const;
};

// --backend, --activations and --threads alone, and what the first two mean.
void add_arithmetic_to(CLI::App& command, std::string& backend, std::string& activations, int& threads);
runtime::Backend parse_backend(const std::string& name);
runtime::Activations parse_activations(const std::string& name);

// Where facet keeps its files: $FACET_HOME, else the platform's data folder.
std::string facet_home();

// The model library, $FACET_HOME/models, and the names of the models in it, sorted.
std::string library_folder();
std::vector<std::string> library_models();

// A path as it is; a name in the library ($FACET_HOME/models/NAME or NAME.gguf), or of a model that comes with the
// program, which comes before a folder of this name here that holds no model; nothing: $FACET_MODEL, else the library's
// only model, else nano, with a line on stderr that says so. What it gives may be the name of a file in memory
// (built_in_files). RequestError saying what there is.
std::string find_model(const std::string& name);

}  // namespace facet::apps
