// The feed-forward sublayer: a gated MLP, and in mixture-of-experts layers routed experts beside it.
#include "model/block.h"

namespace facet::model {
namespace {

// y <- ffn_down (gelu(ffn_gate h) * ffn_up h)
void dense(const Context& c, int layer, ops::Mat y, ops::Mat h) {
  const LayerWeights& w = c.weights.layers[static_cast<size_t>(layer)];
  const int n = c.rows.n(), n_ff = c.config.layers[static_cast<size_t>(layer)].n_ff;
  const ops::Mat gate = part(c.s.gate, n, n_ff);
  c.op.gated_linear(gate, part(c.s.up, n, n_ff), h, w.ffn_gate, w.ffn_up);
  c.op.linear(y, gate, w.ffn_down);
  c.op.probe("mlp_out", layer, y);
}

// out <- the weighted sum of the experts that the router chooses for x. The router sees the stream itself, normed
// without weight; the experts see it normed by pre_ffw_norm_2.
void mixture(const Context& c, int layer, ops::Mat out, ops::Mat x, ops::Mat scratch) {
  const LayerWeights& w = c.weights.layers[static_cast<size_t>(layer)];
  const int n = c.rows.n();
  const ops::Mat logits = part(c.s.router, n, c.config.n_experts);
  const ops::Routing routing{c.s.expert_index.data(), c.s.expert_weight.data(), n, c.config.n_experts_used};
  // 1. Router: a norm without weight, a factor per channel, a logit per expert
  c.op.rms_norm(scratch, x, {}, c.config.norm_eps);
  c.op.scale_cols(scratch, scratch, w.ffn_gate_inp_scale);
  c.op.linear(logits, scratch, w.ffn_gate_inp);
  // 2. The most likely experts and their weights
  c.op.route(routing, logits, w.ffn_down_exps_scale);
  c.op.probe("router_probs", layer, logits);
  c.op.probe_routing(layer, routing);
  // 3. Their weighted sum
  c.op.rms_norm(scratch, x, w.pre_ffw_norm_2, c.config.norm_eps);
  c.op.experts(out, scratch, routing, w.ffn_gate_exps, w.ffn_up_exps, w.ffn_down_exps);
  c.op.probe("experts_out", layer, out);
}

}  // namespace

void feed_forward(const Context& c, int layer) {
  const LayerWeights& w = c.weights.layers[static_cast<size_t>(layer)];
  const int n = c.rows.n(), n_embd = c.config.n_embd;
  const float eps = c.config.norm_eps;
  const ops::Mat x = part(c.s.x, n, n_embd), h = part(c.s.h, n, n_embd), y = part(c.s.y, n, n_embd);
  // 1. Dense
  c.op.rms_norm(h, x, w.ffn_norm, eps);
  dense(c, layer, y, h);
  if (w.ffn_gate_inp.empty()) return;
  // 2. Experts, from the same stream
  const ops::Mat moe = part(c.s.moe, n, n_embd);
  mixture(c, layer, moe, x, part(c.s.moe_in, n, n_embd));
  // 3. Sum of both, each normed
  c.op.rms_norm(y, y, w.post_ffw_norm_1, eps);
  c.op.add_rms_norm(y, moe, w.post_ffw_norm_2, eps);
}

}  // namespace facet::model
