// Makes the backend that an engine asks for. Internal to runtime/.
#pragma once

#include <memory>

#include "base/thread_pool.h"
#include "model/config.h"
#include "ops/ops.h"
#include "runtime/engine.h"

namespace facet::runtime {

// Rows of a prompt up to which every backend computes a step as decoding.
using ops::kDecodeRows;

// Workspaces that the CPU backend of these options takes at most for steps of a chunk of prefill over a cache of
// `context` positions, with a thread on every processor.
size_t workspace_bytes(const model::Config& config, const EngineOptions& options, int max_rows, int64_t context);

std::unique_ptr<ops::Ops> make_backend(const EngineOptions& options, ThreadPool& threads);

}  // namespace facet::runtime
