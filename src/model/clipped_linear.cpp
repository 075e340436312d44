#include "model/clipped_linear.h"

#include <cassert>

namespace facet::model {

void clipped_linear(ops::Ops& op, ops::Mat out, ops::ConstMat x, const ClippedWeight& w, ops::Mat scratch) noexcept {
  if (w.clips_input()) {
    const ops::Mat clipped(scratch.data, x.n_rows, x.n_cols);
    assert(scratch.n_rows >= x.n_rows && scratch.n_cols >= x.n_cols);
    op.clamp(clipped, x, w.input_min, w.input_max);
    x = clipped;
  }
  op.linear(out, x, w.w);
  if (w.clips_output()) op.clamp(out, out, w.output_min, w.output_max);
}

}  // namespace facet::model
