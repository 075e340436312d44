#include "runtime/model_facts.h"

#include <algorithm>
#include <filesystem>

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

ModelFacts bind_gguf(const std::string& path) {
  gguf::File file = gguf::File::open(path);
  ModelFacts b;
  b.config = model::read_config(file);
  b.tokenizer = load_tokenizer(file, b.config.n_vocab);
  b.defaults = read_defaults(file, *b.tokenizer);
  b.family = read_chat_family(file, b.config, *b.tokenizer);
  b.weights = model::bind_weights(b.config, model::make_tensor_source(std::move(file)));
  return b;
}

ModelFacts bind_folder(const std::string& path) {
  ModelFacts b;
  b.config = model::read_config(path);
  b.weights = model::bind_weights(b.config, model::make_tensor_source(safetensors::File::open_folder(path)));
  b.tokenizer = load_tokenizer(path);
  b.defaults = read_defaults(path, *b.tokenizer);
  b.family = read_chat_family(path, b.config, *b.tokenizer);
  return b;
}

ModelFacts bind(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw_error<ResourceError>("{}: no such file or folder", path);
  ModelFacts b = std::filesystem::is_directory(status) ? bind_folder(path) : bind_gguf(path);
  check_vocabulary(b, path);
  return b;
}

double gigabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

// Fills in the zeros of the options, and the plan.
void settle(ModelFacts& m) {
  EngineOptions& options = m.options;
  if (options.prefill_chunk <= 0) options.prefill_chunk = default_prefill_chunk(m.config);
  if (options.context < 0 || options.context > m.config.context_length)
    throw_error<RequestError>("{}: a context of {} tokens was asked for, the model's own has {}: ask for less", m.path,
                              options.context, m.config.context_length);
  const model::KvLayout layout(m.config, kv_type(options.kv), kPageTokens);
  if (options.memory_limit <= 0) options.memory_limit = available_memory();
  if (options.context == 0)
    options.context =
        choose_context(m.config, m.weights, layout, options.prefill_chunk, options.memory_share, options.memory_limit);
  options.prefill_chunk = std::min(options.prefill_chunk, options.context);
  m.plan = make_plan(m.config, m.weights, layout, options.prefill_chunk, options.context, options.memory_limit);
}

}  // namespace

ModelFacts read_model(const std::string& path, const EngineOptions& options) {
  ModelFacts m = bind(path);
  m.path = path;
  m.options = options;
  settle(m);
  return m;
}

// Weights are pages of the file and can be dropped and read again; the rest must fit.
void check_fits(const ModelFacts& m) {
  const MemoryPlan& p = m.plan;
  const int64_t limit = m.options.memory_limit;
  if (limit <= 0 || p.kv_bytes + p.scratch_bytes + p.tokenizer_bytes <= limit) return;
  throw_error<ResourceError>(
      "{}: not enough memory for a context of {} tokens: keys and values take {:.2f} GB, activations {:.2f} GB, the "
      "tokenizer {:.2f} GB (beside {:.2f} GB of weights, which stay in the file), and {:.2f} GB are available: ask for "
      "a "
      "smaller --ctx{}",
      m.path, p.context, gigabytes(p.kv_bytes), gigabytes(p.scratch_bytes), gigabytes(p.tokenizer_bytes),
      gigabytes(p.resident_weight_bytes), gigabytes(limit), m.options.kv == KvPrecision::F32 ? " or --kv f16" : "");
}

}  // namespace facet::runtime
