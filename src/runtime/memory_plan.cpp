#include "runtime/memory_plan.h"

#include <algorithm>

#include "base/error.h"
#include "runtime/backend.h"
#include "runtime/drafter.h"
#include "runtime/executor.h"
#include "runtime/kv_pages.h"
#include "runtime/sampler.h"

namespace facet::runtime {
namespace {

// The program itself: code and libraries, thread stacks, small objects. Measured.
constexpr int64_t kProcessBytes = 12 << 20;
// A token's share of the tokenizer's tables: text, hash slots, merges. Measured on the real vocabulary.
constexpr int64_t kTokenizerBytesPerToken = 56;
// The vocabulary as grammars see it, once an answer is held to one: 19 MB measured on the real one.
constexpr int64_t kTokenTableBytesPerToken = 76;
// Rows of logits that one prompt and its answer write to: the step's, the session's and the sampler's. Drafts write to
// more of them: those are in the limit.
constexpr int64_t kUsedRows = 3;

int64_t pages(int64_t tokens, const model::KvLayout& layout) {
  return (tokens + layout.page_tokens - 1) / layout.page_tokens;
}

// What the files hold beside tensors (keys, the vocabulary): it is read when the model is loaded.
int64_t directory_bytes(const model::Weights& weights) {
  auto n = static_cast<int64_t>(weights.source->total_bytes());
  for (const model::TensorFacts& t : weights.source->all()) n -= static_cast<int64_t>(t.n_bytes);
  return n;
}

// Local pages of one prompt and its answer at their most: a chunk of prefill and the window before it, or the window
// kept at the prompt's end and the one at the answer's.
int64_t one_prompt_pages(const model::Config& config, const model::KvLayout& layout, int chunk, int context) {
  const int64_t prefill = pages(int64_t{config.window} + chunk, layout) + 1;
  const int64_t answer = 2 * (pages(config.window, layout) + 1);
  return std::min(pages(context, layout), std::max(prefill, answer));
}

double gigabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

}  // namespace

ops::KvType kv_type(KvPrecision precision) noexcept {
  switch (precision) {
    case KvPrecision::F32:
      return ops::KvType::F32;
    case KvPrecision::F16:
      return ops::KvType::F16;
    case KvPrecision::BF16:
      return ops::KvType::BF16;
    case KvPrecision::Q8_0:
      return ops::KvType::Q8_0;
  }
  return ops::KvType::F16;
}

int default_prefill_chunk(const model::Config& config) noexcept {
  constexpr int kWide = 3000;
  return config.n_embd < kWide ? 512 : 256;
}

int max_step_rows(const model::Config& config, const Encoders& encoders, const EngineOptions& options) noexcept {
  if (!config.bidirectional_media || !encoders.vision_config) return options.prefill_chunk;
  return std::max(options.prefill_chunk, std::min(kMaxImageTokens, options.context));
}

MemoryPlan make_plan(const model::Config& config, const model::Weights& weights, const Encoders& encoders,
                     const model::KvLayout& layout, const EngineOptions& options, int context) {
  const int chunk = options.prefill_chunk, max_rows = max_step_rows(config, encoders, options);
  const model::WeightBytes bytes = model::count_bytes(config, weights);
  MemoryPlan plan;
  plan.context = context;
  plan.available_bytes = options.memory_limit;
  plan.file_bytes = static_cast<int64_t>(weights.source->total_bytes());
  plan.weight_bytes_per_token = bytes.per_token;
  plan.resident_weight_bytes = bytes.resident;
  plan.ple_bytes_on_disk = bytes.per_layer_table;
  const auto global = static_cast<int64_t>(layout.page_bytes[0]), local = static_cast<int64_t>(layout.page_bytes[1]);
  plan.kv_bytes_per_token = global / layout.page_tokens;
  plan.kv_window_bytes = local * one_prompt_pages(config, layout, chunk, context);
  plan.kv_bytes = global * pages(context, layout) + plan.kv_window_bytes;
  plan.kv_limit_bytes = global * pages(context, layout) +
                        local * KvPages::max_local_pages(layout.page_tokens, config.window, max_rows, context);
  plan.cache_limit_bytes = options.cache_bytes + options.cache_bytes / 2;
  plan.scratch_bytes = static_cast<int64_t>(Executor::scratch_bytes(config, chunk));
  plan.encoder_weight_bytes = encoders.weight_bytes();
  plan.encoder_scratch_bytes =
      encoders.scratch_bytes() + static_cast<int64_t>(Executor::scratch_bytes(config, max_rows)) - plan.scratch_bytes;
  const int64_t row_bytes = int64_t{config.n_vocab} * static_cast<int64_t>(sizeof(float));
  plan.logits_bytes = static_cast<int64_t>(Executor::logits_bytes(config)) + ops::kDecodeBatch * row_bytes +
                      static_cast<int64_t>(Sampler::table_bytes(static_cast<size_t>(config.n_vocab)) +
                                           Drafter::table_bytes(context + 1));
  plan.workspace_bytes = static_cast<int64_t>(workspace_bytes(config, options, max_rows, context));
  plan.tokenizer_bytes = kTokenizerBytesPerToken * config.n_vocab;
  const int64_t fixed =
      plan.resident_weight_bytes + directory_bytes(weights) + plan.scratch_bytes + plan.tokenizer_bytes + kProcessBytes;
  plan.resident_bytes = fixed + plan.kv_bytes + kUsedRows * row_bytes;
  plan.resident_limit_bytes = fixed + plan.kv_limit_bytes + plan.cache_limit_bytes + plan.logits_bytes +
                              plan.workspace_bytes + plan.encoder_weight_bytes + plan.encoder_scratch_bytes +
                              kTokenTableBytesPerToken * config.n_vocab;
  return plan;
}

int choose_context(const model::Config& config, const model::Weights& weights, const Encoders& encoders,
                   const model::KvLayout& layout, const EngineOptions& options) {
  const int64_t available = options.memory_limit;
  const auto budget = static_cast<int64_t>(options.memory_share * static_cast<double>(available));
  int low = std::min(kMinContext, config.context_length), high = config.context_length;
  while (low < high) {
    const int middle = low + (high - low + 1) / 2;
    const MemoryPlan plan = make_plan(config, weights, encoders, layout, options, middle);
    const int64_t taken = plan.kv_limit_bytes + plan.cache_limit_bytes + plan.scratch_bytes + plan.logits_bytes +
                          plan.workspace_bytes + plan.encoder_scratch_bytes;
    if (taken <= budget && plan.resident_limit_bytes <= available)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

// Weights are pages of the file and can be dropped and read again; the rest must fit.
void check_fits(const std::string& path, const MemoryPlan& p, KvPrecision kv) {
  const int64_t activations = p.scratch_bytes + p.logits_bytes + p.workspace_bytes;
  if (p.available_bytes <= 0 ||
      p.kv_limit_bytes + p.cache_limit_bytes + activations + p.tokenizer_bytes <= p.available_bytes)
    return;
  throw_error<ShortageError>(
      "{}: not enough memory for a context of {} tokens: keys and values take {:.2f} GB, those kept for later {:.2f} "
      "GB, activations and logits {:.2f} "
      "GB, the tokenizer {:.2f} GB (beside {:.2f} GB of weights, which stay in the file), and {:.2f} GB are available: "
      "ask for a smaller --ctx{}",
      path, p.context, gigabytes(p.kv_limit_bytes), gigabytes(p.cache_limit_bytes), gigabytes(activations),
      gigabytes(p.tokenizer_bytes), gigabytes(p.resident_weight_bytes), gigabytes(p.available_bytes),
      kv == KvPrecision::F32 ? " or --kv f16" : "");
}

}  // namespace facet::runtime
