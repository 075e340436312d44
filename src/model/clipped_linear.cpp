#include "model/clipped_linear.h"

#include <cassert>

namespace facet::model {

namespace {

ops::ConstMat within_limits(ops::Ops& op, ops::ConstMat x, const ClippedWeight& w, ops::Mat scratch) noexcept {
  if (!w.clips_input()) return x;
  assert(scratch.n_rows >= x.n_rows && scratch.n_cols >= x.n_cols);
  const ops::Mat clipped(scratch.data, x.n_rows, x.n_cols);
  op.clamp(clipped, x, w.input_min, w.input_max);
  return clipped;
}

}  // namespace

void clipped_linear(ops::Ops& op, ops::Mat out, ops::ConstMat x, const ClippedWeight& w, ops::Mat scratch) noexcept {
  const ClippedProjection one{out, &w};
  clipped_linears(op, {&one, 1}, x, scratch);
}

void clipped_linears(ops::Ops& op, std::span<const ClippedProjection> projections, ops::ConstMat x,
                     ops::Mat scratch) noexcept {
  constexpr size_t kMost = 4;
  ops::Projection products[kMost];
  for (size_t i = 0; i < projections.size();) {
    const ClippedWeight& first = *projections[i].w;
    size_t n = 0;
    for (; n < kMost && i + n < projections.size(); ++n) {
      const ClippedWeight& w = *projections[i + n].w;
      if (w.input_min != first.input_min || w.input_max != first.input_max) break;
      products[n] = {projections[i + n].out, &w.w, w.output()};
    }
    op.linears(std::span(products).first(n), within_limits(op, x, first, scratch));
    i += n;
  }
}

}  // namespace facet::model
