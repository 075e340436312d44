// The product with a matrix of an encoder that keeps its inputs and outputs within limits.
#pragma once

#include <span>

#include "model/binder.h"
#include "ops/ops.h"

namespace facet::model {

// out = clamp(w clamp(x)). `scratch` has room for x, which itself stays as it is: several matrices read it, each within
// limits of its own. Without limits this is the plain product.
void clipped_linear(ops::Ops& op, ops::Mat out, ops::ConstMat x, const ClippedWeight& w, ops::Mat scratch) noexcept;

// Several matrices on one input: together where they take it within the same limits, else one by one.
struct ClippedProjection {
  ops::Mat out;
  const ClippedWeight* w;
};
void clipped_linears(ops::Ops& op, std::span<const ClippedProjection> projections, ops::ConstMat x,
                     ops::Mat scratch) noexcept;

}  // namespace facet::model
