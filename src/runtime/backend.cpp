#include "runtime/backend.h"

#include "ops/ref/ref_ops.h"

namespace facet::runtime {

std::unique_ptr<ops::Ops> make_backend(Backend, ThreadPool&) { return std::make_unique<ops::ref::Ops>(); }

}  // namespace facet::runtime
