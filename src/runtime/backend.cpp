#include "runtime/backend.h"

#include "ops/cpu/cpu_ops.h"
#include "ops/ref/ref_ops.h"

namespace facet::runtime {

static_assert(kDecodeRows <= kernels::kMaxColumns);

std::unique_ptr<ops::Ops> make_backend(Backend backend, ThreadPool& threads) {
  if (backend == Backend::Ref) return std::make_unique<ops::ref::Ops>();
  return std::make_unique<ops::cpu::Ops>(threads, kernels::choose());
}

}  // namespace facet::runtime
