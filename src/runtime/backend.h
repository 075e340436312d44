// Makes the backend that an engine asks for. Internal to runtime/.
#pragma once

#include <memory>

#include "base/thread_pool.h"
#include "ops/ops.h"
#include "runtime/engine.h"

namespace facet::runtime {

std::unique_ptr<ops::Ops> make_backend(Backend backend, ThreadPool& threads);

}  // namespace facet::runtime
