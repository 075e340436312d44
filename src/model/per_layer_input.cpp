// Per-layer embeddings (E2B, E4B): each layer gets, for each token, a small vector of its own, half looked up in a
// table and half projected from the token's embedding. The table stays on disk; rows are read where they lie.
#include <cmath>
#include <span>

#include "base/mapped_pages.h"
#include "base/page_advice.h"
#include "model/block.h"

namespace facet::model {

void per_layer_inputs(const Context& c, ops::ConstMat x) {
  const int n = c.rows.n(), width = c.config.n_ple, first_col = c.first_per_layer * width,
            n_cols = c.n_per_layer * width;
  const ops::Mat table = part(c.s.per_layer, n, n_cols), context = part(c.s.per_layer_ctx, n, n_cols);
  // 1. Looked up. The disk is asked for all rows before the first is waited for, and none stays in memory.
  const auto for_rows = [&](auto&& f) {
    for (const int32_t token : c.rows.tokens) {
      const ops::Weight row = c.weights.per_layer_token_embd.rows(token, 1);
      f(std::span(row.data, row.n_bytes()));
    }
  };
  if (n > 1) for_rows(start_reading);
  c.op.embed(table, c.rows.tokens, c.weights.per_layer_token_embd, first_col, std::sqrt(static_cast<float>(width)));
  for_rows(let_go);
  // 2. Projected. The factor 1/sqrt(n_embd) is undone by the norm that follows, but for epsilon: it is kept.
  c.op.linear(context, x, c.weights.per_layer_model_proj.rows(first_col, n_cols));
  c.op.scale(context, 1 / std::sqrt(static_cast<float>(c.config.n_embd)));
  c.op.rms_norm(context.split(width), context.split(width), c.weights.per_layer_proj_norm, c.config.norm_eps);
  // 3. Sum of both over sqrt(2)
  c.op.add(table, context);
  c.op.scale(table, std::sqrt(0.5f));
  c.op.probe("per_layer_inputs", c.first_per_layer, table);
}

void add_per_layer_input(const Context& c, int layer) {
  const LayerWeights& w = c.weights.layers[static_cast<size_t>(layer)];
  const int n = c.rows.n(), width = c.config.n_ple;
  const ops::Mat x = part(c.s.x, n, c.config.n_embd), y = part(c.s.y, n, c.config.n_embd);
  const ops::Mat gate = part(c.s.ple_gate, n, width);
  const int first = layer - c.first_per_layer;
  const ops::Mat input = part(c.s.per_layer, n, c.n_per_layer * width).cols(first * width, width);
  // 1. Gate
  c.op.linear(gate, x, w.inp_gate);
  c.op.gelu_mul(gate, gate, input);
  // 2. Back to the stream
  c.op.linear(y, gate, w.proj);
  c.op.add_rms_norm(x, y, w.post_norm, c.config.norm_eps);
}

}  // namespace facet::model
