// A loaded model: weights bound to a mapped file, tokenizer, defaults, memory plan, and the threads that compute.
// Immutable after loading and shared by any number of sessions and threads. No tensor is in sight from here.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/memory_file.h"
#include "constraint/matcher/token_table.h"
#include "ops/activations.h"
#include "text/tokenizer.h"

namespace facet::model {
struct Config;
struct Weights;
struct KvLayout;
}  // namespace facet::model
namespace facet::ops {
class Ops;
}
namespace facet::kernels {
struct Kernels;
}

namespace facet::runtime {

using ops::Activations;
using text::TokenId;

enum class Backend : uint8_t { Ref, Cpu };
enum class KvPrecision : uint8_t { F32, F16, BF16, Q8_0 };

// Called with the work done so far, in [0, total]. Runs on the thread that asked for the work.
using Progress = std::function<void(int64_t done, int64_t total)>;

struct EngineOptions {
  Backend backend = Backend::Cpu;
  Activations activations = Activations::BF16;  // the reference's are F32
  const kernels::Kernels* kernels = nullptr;    // of the CPU backend; null: kernels::choose()
  int n_threads = 0;                            // 0: the cores this process may use
  bool pin_threads = false;                     // binds those that the engine starts to a processor each
  KvPrecision kv = KvPrecision::F16;
  int context = 0;                    // tokens of one session; 0: the largest that fits memory_share
  double memory_share = 0.5;          // of the memory available now, for KV when context is 0
  int64_t cache_bytes = 0;            // of keys and values that are kept beyond their sessions (PrefixCache)
  int64_t memory_limit = 0;           // bytes; 0: what the machine has available
  std::string projector;              // GGUF file of the encoders; empty: the one beside the model; "none": without
  std::vector<MemoryFile> in_memory;  // GGUF files that are found by these names, before any path
  bool lock_memory = false;  // weights stay in memory, whatever else needs it; else the system may drop their pages
  int prefill_chunk = 0;     // rows computed together in prefill; 0: chosen from the model's width
  Progress progress;         // of loading, and forgotten after it
  // Wraps the backend once it is made (a decorator that times or dumps); forgotten after loading. What it returns lives
  // as long as the engine, and so must all that refers to.
  using WrapOps = std::function<std::unique_ptr<ops::Ops>(std::unique_ptr<ops::Ops>)>;
  WrapOps wrap_ops;
};

// What a model needs, computed before anything is allocated; `facet inspect` prints it and load() obeys it.
struct MemoryPlan {
  int64_t file_bytes = 0;              // of the model file(s)
  int64_t weight_bytes_per_token = 0;  // read to decode one token: matrices, head, norms, used experts
  int64_t resident_weight_bytes = 0;   // of the file, expected in memory once everything was used (no PLE table)
  int64_t ple_bytes_on_disk = 0;       // per-layer-embedding table, of which only used rows become resident
  int64_t kv_bytes_per_token = 0;      // global layers
  int64_t kv_window_bytes = 0;         // local layers, for one prompt and its answer
  int64_t kv_bytes = 0;                // total at `context`, for one prompt and its answer
  int64_t kv_limit_bytes = 0;          // at most: with the windows that a session keeps at earlier prompts' ends
  int64_t cache_limit_bytes = 0;       // at most: keys and values kept beyond their sessions, and waiting for the disk
  int64_t scratch_bytes = 0;           // activations of a prefill chunk
  int64_t logits_bytes = 0;     // at most: rows of logits of a step and a session, tables of a sampler and a drafter
  int64_t workspace_bytes = 0;  // at most: what the backend's steps work in
  int64_t tokenizer_bytes = 0;
  int64_t encoder_weight_bytes = 0;   // of the encoders of pictures and sound, once they were used
  int64_t encoder_scratch_bytes = 0;  // at most: activations of the largest picture and the longest clip
  // All of these, what the files hold beside tensors, and the program: the peak to expect of one prompt and its answer,
  // and the most that one session takes.
  int64_t resident_bytes = 0;
  int64_t resident_limit_bytes = 0;
  int64_t available_bytes = 0;  // of this machine (cgroup limits included) when asked
  int context = 0;
};

// Sampling defaults of a model (generation_config.json, general.sampling.*, else the family's).
struct GenerationDefaults {
  bool sample = true;
  float temperature = 1.0f;
  int top_k = 64;
  float top_p = 0.95f;
  float min_p = 0, typical_p = 1, repetition_penalty = 1;  // off
  int penalty_window = -1;  // tokens the penalty looks back at; -1: all, as generate() of a checkpoint's library does
  std::vector<TokenId> stop_tokens;
  std::vector<TokenId> suppress_tokens;
};

// How a chat is written for this model.
enum class ChatFamily : uint8_t { Gemma4Large, Gemma4Small, Gemma3, None };  // None: a base model without turn tokens

class Executor;
class PagePool;
struct Encoders;

class Engine {
 public:
  // path: a .gguf (the first shard of a split one), a folder with config.json and safetensors, or the name of a file in
  // memory, whose projector is the one among those. Throws FormatError, RequestError (context beyond the model's),
  // ResourceError (unreadable; not enough memory, with the plan; memory that cannot be locked).
  static std::shared_ptr<const Engine> load(const std::string& path, const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const std::string& path() const noexcept;
  const model::Config& config() const noexcept;
  const model::Weights& weights() const noexcept;
  const model::KvLayout& kv_layout() const noexcept;
  const Encoders& encoders() const noexcept;  // of pictures and sound
  const text::Tokenizer& tokenizer() const noexcept;
  // The vocabulary for answers under a grammar; made when it is first asked for.
  std::shared_ptr<const constraint::TokenTable> token_table() const;
  const GenerationDefaults& defaults() const noexcept;
  ChatFamily chat_family() const noexcept;
  const EngineOptions& options() const noexcept;  // with the zeros filled in, and without the functions
  int context() const noexcept;
  int n_threads() const noexcept;
  double load_seconds() const noexcept;
  // Of the weights, what was brought into memory ahead of its use, 0 to 1; the rest comes from the disk when it is
  // used.
  double share_read() const noexcept;
  MemoryPlan plan(int context) const;
  Executor& executor() const noexcept;
  std::shared_ptr<std::array<PagePool, 2>> page_pools() const noexcept;  // global and local layers' pages

 private:
  struct State;
  std::unique_ptr<State> state_;
  explicit Engine(std::unique_ptr<State> state);
};

}  // namespace facet::runtime
