// The base of decorators: passes every op on to another Ops, fused ones included.
#pragma once

#include <memory>

#include "ops/ops.h"

namespace facet::ops {

class ForwardingOps : public Ops {
 public:
  explicit ForwardingOps(std::unique_ptr<Ops> inner) : inner_(std::move(inner)) {}

  void reserve(const StepLimits& limits) override { inner_->reserve(limits); }
  void begin_step(StepKind kind) noexcept override { inner_->begin_step(kind); }
  void embed(Mat out, std::span<const int32_t> ids, const Weight& table, int first_col, float scale) noexcept override {
    inner_->embed(out, ids, table, first_col, scale);
  }
  void rms_norm(Mat out, ConstMat x, Vec w, float eps) noexcept override { inner_->rms_norm(out, x, w, eps); }
  void linear(Mat out, ConstMat x, const Weight& w) noexcept override { inner_->linear(out, x, w); }
  void linears(std::span<const Projection> projections, ConstMat x) noexcept override {
    inner_->linears(projections, x);
  }
  void gelu_mul(Mat out, ConstMat gate, ConstMat up) noexcept override { inner_->gelu_mul(out, gate, up); }
  void gated_linear(Mat out, Mat up, ConstMat x, const Weight& gate_w, const Weight& up_w) noexcept override {
    inner_->gated_linear(out, up, x, gate_w, up_w);
  }
  void rope(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept override { inner_->rope(x, head_dim, cos, sin); }
  void store_kv(const KvView& kv, std::span<const int> positions, ConstMat k, ConstMat v) noexcept override {
    inner_->store_kv(kv, positions, k, v);
  }
  KvType passing_kv_type() const noexcept override { return inner_->passing_kv_type(); }
  void attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept override {
    inner_->attention(out, q, kv, spec);
  }
  void add(Mat x, ConstMat y) noexcept override { inner_->add(x, y); }
  void scale(Mat x, float factor) noexcept override { inner_->scale(x, factor); }
  void scale_cols(Mat out, ConstMat x, Vec factors) noexcept override { inner_->scale_cols(out, x, factors); }
  void softcap(Mat x, float cap) noexcept override { inner_->softcap(x, cap); }
  void copy(Mat out, ConstMat x) noexcept override { inner_->copy(out, x); }
  void copy_rows(Mat out, ConstMat x, std::span<const int> rows) noexcept override { inner_->copy_rows(out, x, rows); }
  void add_rms_norm(Mat x, Mat y, Vec w, float eps) noexcept override { inner_->add_rms_norm(x, y, w, eps); }
  void route(const Routing& routing, Mat logits, Vec expert_scale) noexcept override {
    inner_->route(routing, logits, expert_scale);
  }
  void experts(Mat out, ConstMat x, const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
               const ExpertWeight& down) noexcept override {
    inner_->experts(out, x, routing, gate, up, down);
  }
  void rope_2d(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept override {
    inner_->rope_2d(x, head_dim, cos, sin);
  }
  void clamp(Mat out, ConstMat x, float low, float high) noexcept override { inner_->clamp(out, x, low, high); }
  void add_row(Mat x, Vec row) noexcept override { inner_->add_row(x, row); }
  void layer_norm(Mat out, ConstMat x, Vec w, Vec b, float eps) noexcept override {
    inner_->layer_norm(out, x, w, b, eps);
  }
  void relu(Mat x) noexcept override { inner_->relu(x); }
  void silu(Mat x) noexcept override { inner_->silu(x); }
  void glu(Mat out, ConstMat a, ConstMat b) noexcept override { inner_->glu(out, a, b); }
  void pool(Mat out, ConstMat x, int n_cols, int size, float factor) noexcept override {
    inner_->pool(out, x, n_cols, size, factor);
  }
  void depthwise_conv(Mat out, ConstMat x, ConstMat w) noexcept override { inner_->depthwise_conv(out, x, w); }
  void conv_2d(Mat out, ConstMat x, int n_channels, const Weight& w) noexcept override {
    inner_->conv_2d(out, x, n_channels, w);
  }
  void local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                       const LocalAttnSpec& spec) noexcept override {
    inner_->local_attention(out, q, k, v, distance_k, spec);
  }
  void probe(std::string_view name, int layer, ConstMat x) noexcept override { inner_->probe(name, layer, x); }
  void probe_routing(int layer, const Routing& routing) noexcept override { inner_->probe_routing(layer, routing); }

 private:
  std::unique_ptr<Ops> inner_;
};

}  // namespace facet::ops
