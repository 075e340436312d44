// A decorator that adds up, op by op, how long a model's work takes and how much of it there is.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ops/forwarding_ops.h"

namespace facet::ops {

struct OpTime {
  int64_t n_calls = 0;
  double seconds = 0;
  double bytes = 0;  // of weights, or of keys and values, that are read
  double flops = 0;  // multiplications and additions of products, and of attention
};

// By the op's name, products with the type of their weights: "linear Q4_0".
using OpTimes = std::map<std::string, OpTime, std::less<>>;

class TimedOps final : public ForwardingOps {
 public:
  // times outlives the object; whoever owns both clears it between runs.
  TimedOps(std::unique_ptr<Ops> inner, OpTimes& times) : ForwardingOps(std::move(inner)), times_(times) {}

  void embed(Mat out, std::span<const int32_t> ids, const Weight& table, int first_col, float scale) noexcept override;
  void rms_norm(Mat out, ConstMat x, Vec w, float eps) noexcept override;
  void linear(Mat out, ConstMat x, const Weight& w) noexcept override;
  void linears(std::span<const Projection> projections, ConstMat x) noexcept override;
  void gelu_mul(Mat out, ConstMat gate, ConstMat up) noexcept override;
  void gated_linear(Mat out, Mat up, ConstMat x, const Weight& gate_w, const Weight& up_w) noexcept override;
  void rope(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept override;
  void store_kv(const KvView& kv, std::span<const int> positions, ConstMat k, ConstMat v) noexcept override;
  void attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept override;
  void add(Mat x, ConstMat y) noexcept override;
  void scale(Mat x, float factor) noexcept override;
  void scale_cols(Mat out, ConstMat x, Vec factors) noexcept override;
  void softcap(Mat x, float cap) noexcept override;
  void copy(Mat out, ConstMat x) noexcept override;
  void copy_rows(Mat out, ConstMat x, std::span<const int> rows) noexcept override;
  void add_rms_norm(Mat x, Mat y, Vec w, float eps) noexcept override;
  void route(const Routing& routing, Mat logits, Vec expert_scale) noexcept override;
  void experts(Mat out, ConstMat x, const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
               const ExpertWeight& down) noexcept override;
  void rope_2d(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept override;
  void clamp(Mat out, ConstMat x, float low, float high) noexcept override;
  void add_row(Mat x, Vec row) noexcept override;
  void layer_norm(Mat out, ConstMat x, Vec w, Vec b, float eps) noexcept override;
  void relu(Mat x) noexcept override;
  void silu(Mat x) noexcept override;
  void glu(Mat out, ConstMat a, ConstMat b) noexcept override;
  void pool(Mat out, ConstMat x, int n_cols, int size, float factor) noexcept override;
  void depthwise_conv(Mat out, ConstMat x, ConstMat w) noexcept override;
  void conv_2d(Mat out, ConstMat x, int n_channels, const Weight& w) noexcept override;
  void local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                       const LocalAttnSpec& spec) noexcept override;

 private:
  template <class Run>
  void timed(std::string_view name, const OpTime& work, Run&& run) noexcept;

  OpTimes& times_;
};

}  // namespace facet::ops
