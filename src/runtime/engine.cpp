#include "runtime/engine.h"

#include <chrono>
#include <filesystem>

#include "base/error.h"
#include "base/system_memory.h"
#include "model/config.h"
#include "runtime/backend.h"
#include "runtime/executor.h"
#include "runtime/generation_defaults.h"
#include "runtime/memory_plan.h"
#include "runtime/tokenizer_loader.h"

namespace facet::runtime {
namespace {

// A model's files, opened and bound; nothing of its own allocated yet.
struct Bound {
  model::Config config;
  model::Weights weights;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  GenerationDefaults defaults;
  ChatFamily family = ChatFamily::None;
};

void check_vocabulary(const Bound& b, const std::string& path) {
  if (b.tokenizer->n_tokens() > b.config.n_vocab)
    throw_error<FormatError>("{}: the tokenizer has {} tokens, the embedding {} rows", path, b.tokenizer->n_tokens(),
                             b.config.n_vocab);
}

Bound bind_gguf(const std::string& path) {
  gguf::File file = gguf::File::open(path);
  Bound b;
  b.config = model::read_config(file);
  b.tokenizer = load_tokenizer(file, b.config.n_vocab);
  b.defaults = read_defaults(file, *b.tokenizer);
  b.family = read_chat_family(file, b.config, *b.tokenizer);
  b.weights = model::bind_weights(b.config, model::make_tensor_source(std::move(file)));
  return b;
}

Bound bind_folder(const std::string& path) {
  Bound b;
  b.config = model::read_config(path);
  b.weights = model::bind_weights(b.config, model::make_tensor_source(safetensors::File::open_folder(path)));
  b.tokenizer = load_tokenizer(path);
  b.defaults = read_defaults(path, *b.tokenizer);
  b.family = read_chat_family(path, b.config, *b.tokenizer);
  return b;
}

Bound bind(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw_error<ResourceError>("{}: no such file or folder", path);
  Bound b = std::filesystem::is_directory(status) ? bind_folder(path) : bind_gguf(path);
  check_vocabulary(b, path);
  return b;
}

int64_t memory_limit(const EngineOptions& options) {
  return options.memory_limit > 0 ? options.memory_limit : available_memory();
}

double gigabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

// Fills in the zeros of the options and the context; refuses what cannot fit.
MemoryPlan settle(const Bound& b, const model::KvLayout& layout, EngineOptions& options, const std::string& path) {
  if (options.prefill_chunk <= 0) options.prefill_chunk = default_prefill_chunk(b.config);
  if (options.context < 0 || options.context > b.config.context_length)
    throw_error<RequestError>("{}: a context of {} tokens was asked for; the model's own is {}", path, options.context,
                              b.config.context_length);
  const int64_t limit = memory_limit(options);
  if (options.context == 0)
    options.context = choose_context(b.config, b.weights, layout, options.prefill_chunk, options.memory_share, limit);
  options.prefill_chunk = std::min(options.prefill_chunk, options.context);
  const MemoryPlan plan = make_plan(b.config, b.weights, layout, options.prefill_chunk, options.context, limit);
  // Weights are pages of the file and can be dropped and read again; the rest must fit.
  if (const int64_t needed = plan.kv_bytes + plan.scratch_bytes; limit > 0 && needed > limit)
    throw_error<ResourceError>(
        "{}: a context of {} tokens needs {:.2f} GB of keys and values and {:.2f} GB of activations, and {:.2f} GB are "
        "available: ask for a smaller --ctx or a 16-bit --kv",
        path, options.context, gigabytes(plan.kv_bytes), gigabytes(plan.scratch_bytes), gigabytes(limit));
  return plan;
}

}  // namespace

struct Engine::State {
  std::string path;
  EngineOptions options;
  Bound bound;
  std::unique_ptr<model::KvLayout> layout;
  std::shared_ptr<PagePools> pools;
  std::unique_ptr<ThreadPool> threads;
  std::unique_ptr<Executor> executor;
  double load_seconds = 0;
};

std::shared_ptr<const Engine> Engine::load(const std::string& path, const EngineOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto report = [&](int64_t done) {
    if (options.progress) options.progress(done, 2);
  };
  auto s = std::make_unique<State>();
  s->path = path;
  s->options = options;
  report(0);
  s->bound = bind(path);
  report(1);
  s->layout = std::make_unique<model::KvLayout>(s->bound.config, kv_type(options.kv), kPageTokens);
  settle(s->bound, *s->layout, s->options, path);
  s->pools =
      std::make_shared<PagePools>(PagePools{PagePool(s->layout->page_bytes[0]), PagePool(s->layout->page_bytes[1])});
  s->threads = std::make_unique<ThreadPool>(s->options.n_threads);
  s->options.n_threads = s->threads->count();
  auto op = make_backend(options.backend, *s->threads);
  if (options.wrap_ops) op = options.wrap_ops(std::move(op));
  s->executor = std::make_unique<Executor>(s->bound.config, s->bound.weights, *s->layout, std::move(op),
                                           s->options.prefill_chunk);
  s->load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report(2);
  return std::shared_ptr<const Engine>(new Engine(std::move(s)));
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

const std::string& Engine::path() const noexcept { return state_->path; }
const model::Config& Engine::config() const noexcept { return state_->bound.config; }
const model::Weights& Engine::weights() const noexcept { return state_->bound.weights; }
const model::KvLayout& Engine::kv_layout() const noexcept { return *state_->layout; }
const text::Tokenizer& Engine::tokenizer() const noexcept { return *state_->bound.tokenizer; }
const GenerationDefaults& Engine::defaults() const noexcept { return state_->bound.defaults; }
ChatFamily Engine::chat_family() const noexcept { return state_->bound.family; }
const EngineOptions& Engine::options() const noexcept { return state_->options; }
int Engine::context() const noexcept { return state_->options.context; }
int Engine::n_threads() const noexcept { return state_->options.n_threads; }
double Engine::load_seconds() const noexcept { return state_->load_seconds; }
Executor& Engine::executor() const noexcept { return *state_->executor; }
std::shared_ptr<std::array<PagePool, 2>> Engine::page_pools() const noexcept { return state_->pools; }

MemoryPlan Engine::plan(int context) const {
  return make_plan(config(), weights(), kv_layout(), state_->options.prefill_chunk, context,
                   memory_limit(state_->options));
}

MemoryPlan plan_memory(const std::string& path, const EngineOptions& options) {
  const Bound b = bind(path);
  const model::KvLayout layout(b.config, kv_type(options.kv), kPageTokens);
  EngineOptions settled = options;
  return settle(b, layout, settled, path);
}

}  // namespace facet::runtime
