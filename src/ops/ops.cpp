// The definitions of the fused ops.
#include "ops/ops.h"

namespace facet::ops {

void Ops::linears(std::span<const Projection> projections, ConstMat x) noexcept {
  for (const Projection& p : projections) {
    const Finish& f = p.finish;
    linear(p.out, x, *p.w);
    if (f.clamps()) clamp(p.out, p.out, f.low, f.high);
    if (f.silu) silu(p.out);
    if (f.clamps_then()) clamp(p.out, p.out, f.then_low, f.then_high);
  }
}

void Ops::gated_linear(Mat out, Mat up, ConstMat x, const Weight& gate_w, const Weight& up_w) noexcept {
  const Projection both[] = {{out, &gate_w}, {up, &up_w}};
  linears(both, x);
  gelu_mul(out, out, up);
}

void Ops::add_rms_norm(Mat x, Mat y, Vec w, float eps) noexcept {
  rms_norm(y, y, w, eps);
  add(x, y);
}

void Ops::rope_2d(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept {
  const int half = head_dim / 2, n_pairs = head_dim / 4;
  for (int begin = 0; begin < x.n_cols; begin += half) {
    const int first_pair = begin % head_dim == 0 ? 0 : n_pairs;
    rope(x.cols(begin, half), half, cos.cols(first_pair, n_pairs), sin.cols(first_pair, n_pairs));
  }
}

}  // namespace facet::ops
