// How much memory a model needs, worked out from its configuration before anything is allocated. Internal to runtime/;
// Engine::plan and `facet inspect` show it.
#pragma once

#include "model/kv_layout.h"
#include "model/weights.h"
#include "runtime/encoders.h"
#include "runtime/engine.h"

namespace facet::runtime {

constexpr int kPageTokens = 64;

ops::KvType kv_type(KvPrecision precision) noexcept;

// Rows of a prefill chunk: wide models get fewer, so that a chunk's activations stay near the caches.
int default_prefill_chunk(const model::Config& config) noexcept;

// Rows of the largest step: a chunk, or a bidirectional picture, which is computed whole.
int max_step_rows(const model::Config& config, const Encoders& encoders, const EngineOptions& options) noexcept;

// Of the options, prefill_chunk and memory_limit, both settled, and what decides about the backend.
MemoryPlan make_plan(const model::Config& config, const model::Weights& weights, const Encoders& encoders,
                     const model::KvLayout& layout, const EngineOptions& options, int context);

// Throws ResourceError naming `path` when what the plan takes at most, beside the weights, is more than is available.
void check_fits(const std::string& path, const MemoryPlan& plan, KvPrecision kv);

// The largest context, up to the model's own, whose KV, activations and logits fit the options' memory_share of their
// memory_limit and leave room for the weights; at least kMinContext if the model has that many.
constexpr int kMinContext = 512;
int choose_context(const model::Config& config, const model::Weights& weights, const Encoders& encoders,
                   const model::KvLayout& layout, const EngineOptions& options);

}  // namespace facet::runtime
