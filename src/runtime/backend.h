// Makes the backend that an engine asks for. Internal to runtime/.
#pragma once

#include <memory>

#include "base/thread_pool.h"
#include "ops/ops.h"
#include "runtime/engine.h"

namespace facet::runtime {

// Rows up to which every backend computes a step as decoding: a row's result then does not depend on the rows beside
// it, nor on their number. Larger steps may add in another order.
constexpr int kDecodeRows = 8;

std::unique_ptr<ops::Ops> make_backend(Backend backend, ThreadPool& threads);

}  // namespace facet::runtime
