#include "runtime/backend.h"

#include "base/cpu_topology.h"
#include "model/gemma.h"
#include "ops/cpu/cpu_ops.h"
#include "ops/ref/ref_ops.h"
#include "runtime/tuning.h"

namespace facet::runtime {

size_t workspace_bytes(const model::Config& config, const EngineOptions& options, int max_rows, int64_t context) {
  return ops::cpu::Ops::count_bytes(model::step_limits(config, max_rows), kernels_of(options), usable_processors(),
                                    context);
}

std::unique_ptr<ops::Ops> make_backend(const EngineOptions& options, ThreadPool& threads) {
  if (options.backend == Backend::Ref) return std::make_unique<ops::ref::Ops>();
  return std::make_unique<ops::cpu::Ops>(threads, kernels_of(options), options.activations);
}

}  // namespace facet::runtime
