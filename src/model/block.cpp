#include "model/block.h"

namespace facet::model {

void block(const Context& c, int layer) {
  const LayerWeights& w = c.weights.layers[static_cast<size_t>(layer)];
  const int n = c.rows.n(), n_embd = c.config.n_embd;
  const float eps = c.config.norm_eps;
  const ops::Mat x = part(c.s.x, n, n_embd), h = part(c.s.h, n, n_embd), y = part(c.s.y, n, n_embd);

  // 1. Attention
  c.op.rms_norm(h, x, w.attn_norm, eps);
  attention(c, layer);
  c.op.add_rms_norm(x, y, w.post_attention_norm, eps);
  // 2. Feed-forward: dense, or dense plus experts
  feed_forward(c, layer);
  c.op.add_rms_norm(x, y, w.post_ffw_norm, eps);
  // 3. Per-layer input (E2B, E4B)
  if (!w.inp_gate.empty()) add_per_layer_input(c, layer);
  // 4. Scale
  if (w.layer_output_scale != 1) c.op.scale(x, w.layer_output_scale);
  c.op.probe("out", layer, x);
}

}  // namespace facet::model
