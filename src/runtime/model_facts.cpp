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
  if (!std::filesystem::exists(status))
    throw_error<ResourceError>(
        "{}: {}", path,
        status.type() == std::filesystem::file_type::not_found ? "no such file or folder" : error.message());
  ModelFacts b = std::filesystem::is_directory(status) ? bind_folder(path) : bind_gguf(path);
  check_vocabulary(b, path);
  return b;
}

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

}  // namespace facet::runtime
