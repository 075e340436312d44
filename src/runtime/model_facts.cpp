#include "runtime/model_facts.h"

#include <algorithm>
#include <filesystem>
#include <future>

#include "base/error.h"
#include "base/system_memory.h"
#include "runtime/generation_defaults.h"
#include "runtime/memory_plan.h"
#include "runtime/tokenizer_loader.h"

namespace facet::runtime {
namespace {

// Fewer tokens than rows are fine: checkpoints pad the embedding.
void check_vocabulary(const ModelFacts& b, const std::string& path) {
  if (b.tokenizer->n_tokens() > b.config.n_vocab)
    throw_error<FormatError>("{}: the tokenizer has {} tokens, the embedding {} rows: they are of different models",
                             path, b.tokenizer->n_tokens(), b.config.n_vocab);
}

// A cache of blocks holds whole blocks.
void check_head_sizes(const ModelFacts& m) {
  const auto n = static_cast<int>(quant::block_info(quant::block_type(kv_type(m.options.kv))).n_elements);
  for (const model::LayerConfig& l : m.config.layers)
    if (l.head_dim % n != 0)
      throw_error<RequestError>("{}: a q8_0 cache holds blocks of {}, and heads here have {} elements: use --kv f16",
                                m.path, n, l.head_dim);
}

// Fills in the zeros of the options, and the plan.
void settle(ModelFacts& m) {
  EngineOptions& options = m.options;
  if (options.prefill_chunk <= 0) options.prefill_chunk = default_prefill_chunk(m.config);
  if (options.context < 0 || options.context > m.config.context_length)
    throw_error<RequestError>("{}: a context of {} tokens was asked for, the model's own has {}: ask for less", m.path,
                              options.context, m.config.context_length);
  check_head_sizes(m);
  const model::KvLayout layout(m.config, kv_type(options.kv), kPageTokens);
  if (options.memory_limit <= 0) options.memory_limit = available_memory();
  if (options.context == 0) options.context = choose_context(m.config, m.weights, m.encoders, layout, options);
  options.prefill_chunk = std::min(options.prefill_chunk, options.context);
  m.plan = make_plan(m.config, m.weights, m.encoders, layout, options, options.context);
}

// Settles the plan and, if asked to, starts to bring what is needed into memory. Weights beyond the memory there is
// come when they are used: read ahead, they would push each other out.
void prepare(ModelFacts& m, Purpose purpose) {
  settle(m);
  expect_single_rows({m.weights.per_layer_token_embd.data, m.weights.per_layer_token_embd.n_bytes()});
  const MemoryPlan& plan = m.plan;
  if (purpose == Purpose::Compute && m.options.lock_memory) {
    if (plan.available_bytes > 0 && plan.resident_bytes > plan.available_bytes)
      throw_error<ShortageError>(
          "{}: {:.2f} GB are asked to stay in memory and {:.2f} GB are available: do without "
          "locking (--mlock), or ask for a smaller --ctx",
          m.path, static_cast<double>(plan.resident_bytes) / 1e9, static_cast<double>(plan.available_bytes) / 1e9);
    lock_in_memory(model::in_order_of_use(m.weights));
  } else if (purpose == Purpose::Compute && plan.resident_bytes <= plan.available_bytes)
    m.read_ahead = std::make_unique<ReadAhead>(model::in_order_of_use(m.weights));
}

// The tokenizer takes the longest: it is built on a thread of its own beside all else, or after it where none starts.
constexpr auto kBeside = std::launch::async | std::launch::deferred;

// Of a model whose config is read: its weights and encoders.
void bind_gguf_tensors(ModelFacts& m, const gguf::File& file) {
  m.weights = model::bind_weights(m.config, model::make_tensor_source(file));
  if (auto own =
          m.options.projector.empty() ? bind_own_encoders(file, m.config.n_embd, *m.weights.source) : std::nullopt)
    m.encoders = std::move(*own);
  else
    m.encoders = bind_encoders(m.path, m.options.projector, m.config.n_embd, m.options.in_memory);
}

void bind_folder_tensors(ModelFacts& m) {
  m.weights = model::bind_weights(m.config, model::make_tensor_source(safetensors::File::open_folder(m.path)));
  m.encoders = m.options.projector.empty()
                   ? bind_encoders(m.path, m.config.n_embd, *m.weights.source)
                   : bind_encoders(m.path, m.options.projector, m.config.n_embd, m.options.in_memory);
}

void bind_gguf(ModelFacts& m, Purpose purpose) {
  const gguf::File file = gguf::File::open(m.path, m.options.in_memory);
  m.config = model::read_config(file);
  auto tokenizer = std::async(kBeside, [&] { return load_tokenizer(file, m.config.n_vocab); });
  try {
    bind_gguf_tensors(m, file);
    prepare(m, purpose);
  } catch (const FormatError&) {
    tokenizer.get();  // throws what explains more, where the two are of different models
    throw;
  }
  m.tokenizer = tokenizer.get();
  m.defaults = read_defaults(file, *m.tokenizer);
  m.family = read_chat_family(file, m.config, *m.tokenizer);
}

void bind_folder(ModelFacts& m, Purpose purpose) {
  m.config = model::read_config(m.path);
  auto tokenizer = std::async(kBeside, [&] { return load_tokenizer(m.path); });
  bind_folder_tensors(m);
  prepare(m, purpose);
  m.tokenizer = tokenizer.get();
  m.defaults = read_defaults(m.path, *m.tokenizer);
  m.family = read_chat_family(m.path, m.config, *m.tokenizer);
}

// Whether the model is a folder and no file. ResourceError when it is nothing.
bool is_folder(const std::string& path, std::span<const MemoryFile> in_memory) {
  if (find_file(in_memory, path) != nullptr) return false;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    throw_error<ResourceError>(
        "{}: {}", path,
        status.type() == std::filesystem::file_type::not_found ? "no such file or folder" : error.message());
  return std::filesystem::is_directory(status);
}

}  // namespace

ModelFacts read_model(const std::string& path, const EngineOptions& options, Purpose purpose) {
  const bool from_folder = is_folder(path, options.in_memory);
  ModelFacts m;
  m.path = path;
  m.options = options;
  try {
    if (from_folder)
      bind_folder(m, purpose);
    else
      bind_gguf(m, purpose);
    check_vocabulary(m, path);
  } catch (const FormatError&) {  // of a file that was cut short meanwhile, what is lost reads as zeros
    if (m.weights.source != nullptr) m.weights.source->check_unchanged();
    throw;
  }
  m.weights.source->check_unchanged();
  return m;
}

MemoryPlan read_plan(const std::string& path, const EngineOptions& options) {
  ModelFacts m;
  m.path = path;
  m.options = options;
  if (is_folder(path, options.in_memory)) {
    m.config = model::read_config(path);
    bind_folder_tensors(m);
  } else {
    const gguf::File file = gguf::File::open(path, options.in_memory);
    m.config = model::read_config(file);
    bind_gguf_tensors(m, file);
  }
  settle(m);
  return m.plan;
}

}  // namespace facet::runtime
