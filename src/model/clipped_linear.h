// The product with a matrix of an encoder that keeps its inputs and outputs within limits.
#pragma once

#include "model/binder.h"
#include "ops/ops.h"

namespace facet::model {

// out = clamp(w clamp(x)). `scratch` has room for x, which itself stays as it is: several matrices read it, each within
// limits of its own. Without limits this is the plain product.
void clipped_linear(ops::Ops& op, ops::Mat out, ops::ConstMat x, const ClippedWeight& w, ops::Mat scratch) noexcept;

}  // namespace facet::model
