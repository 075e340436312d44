// Grouped-query attention with normed queries and keys over the cache, and the rotary tables of a step.
#include <cmath>

#include "model/block.h"

namespace facet::model {
namespace {

void rope_table(ops::Mat cos, ops::Mat sin, std::span<const int> positions, const std::vector<float>& freqs) {
  for (int r = 0; r < cos.n_rows; ++r)
    for (int i = 0; i < cos.n_cols; ++i) {
      // The product is rounded to f32 as in the official implementation; the functions themselves are exact.
      const float angle = static_cast<float>(positions[static_cast<size_t>(r)]) * freqs[static_cast<size_t>(i)];
      cos.row(r)[i] = static_cast<float>(std::cos(static_cast<double>(angle)));
      sin.row(r)[i] = static_cast<float>(std::sin(static_cast<double>(angle)));
    }
}

// K and V of the layer's own, written to the cache. Without a V matrix, V is K before its norm and rotation.
void store_kv(const Context& c, int layer, ops::Mat h, ops::Mat cos, ops::Mat sin) {
  const LayerWeights& w = c.weights.layers[static_cast<size_t>(layer)];
  const LayerConfig& l = c.config.layers[static_cast<size_t>(layer)];
  const int n = h.n_rows, width = l.n_kv_heads * l.head_dim;
  const ops::Mat k = part(c.s.k, n, width), v = part(c.s.v, n, width);
  if (w.attn_v.empty())
    c.op.rms_norm(v.split(l.head_dim), k.split(l.head_dim), {}, c.config.norm_eps);
  else if (c.config.value_norm)
    c.op.rms_norm(v.split(l.head_dim), v.split(l.head_dim), {}, c.config.norm_eps);
  c.op.rms_norm(k.split(l.head_dim), k.split(l.head_dim), w.attn_k_norm, c.config.norm_eps);
  c.op.rope(k, l.head_dim, cos, sin);
  c.op.probe("k", layer, k);
  c.op.probe("v", layer, v);
  for (const Segment& segment : c.rows.segments)
    c.op.store_kv(c.layout.view(layer, segment.pages),
                  c.rows.positions.subspan(static_cast<size_t>(segment.first_row), static_cast<size_t>(segment.n_rows)),
                  k.rows(segment.first_row, segment.n_rows), v.rows(segment.first_row, segment.n_rows));
}

}  // namespace

void rope_tables(const Context& c) {
  const auto table = [&](ops::Mat cos, ops::Mat sin, const std::vector<float>& freqs) {
    const int n_pairs = static_cast<int>(freqs.size());
    rope_table(part(cos, c.rows.n(), n_pairs), part(sin, c.rows.n(), n_pairs), c.rows.positions, freqs);
  };
  table(c.s.local_cos, c.s.local_sin, c.weights.local_freqs);
  table(c.s.global_cos, c.s.global_sin, c.weights.global_freqs);
}

void attention(const Context& c, int layer) {
  const LayerWeights& w = c.weights.layers[static_cast<size_t>(layer)];
  const LayerConfig& l = c.config.layers[static_cast<size_t>(layer)];
  const int n = c.rows.n(), n_q = c.config.n_heads * l.head_dim, n_kv = l.n_kv_heads * l.head_dim;
  const int n_pairs = static_cast<int>((l.is_local ? c.weights.local_freqs : c.weights.global_freqs).size());
  const ops::Mat h = part(c.s.h, n, c.config.n_embd), q = part(c.s.q, n, n_q), heads = part(c.s.heads, n, n_q);
  const ops::Mat cos = part(l.is_local ? c.s.local_cos : c.s.global_cos, n, n_pairs);
  const ops::Mat sin = part(l.is_local ? c.s.local_sin : c.s.global_sin, n, n_pairs);

  // 1. Queries, and the layer's own keys and values
  const ops::Projection projections[] = {
      {q, &w.attn_q}, {part(c.s.k, n, n_kv), &w.attn_k}, {part(c.s.v, n, n_kv), &w.attn_v}};
  const size_t n_projections = w.attn_k.empty() ? 1 : w.attn_v.empty() ? 2 : 3;
  c.op.linears(std::span(projections).first(n_projections), h);
  // 2. Norm and rotation of the queries
  c.op.rms_norm(q.split(l.head_dim), q.split(l.head_dim), w.attn_q_norm, c.config.norm_eps);
  c.op.rope(q, l.head_dim, cos, sin);
  c.op.probe("q", layer, q);
  // 3. Keys and values into the cache
  if (!w.attn_k.empty()) store_kv(c, layer, h, cos, sin);
  // 4. Each session attends to its own cache
  for (const Segment& segment : c.rows.segments) {
    const auto positions =
        c.rows.positions.subspan(static_cast<size_t>(segment.first_row), static_cast<size_t>(segment.n_rows));
    const bool media = c.config.bidirectional_media && l.is_local;
    const ops::AttnSpec spec{positions, l.is_local ? c.config.window : 0, c.config.attn_scale,
                             media ? segment.runs : std::span<const ops::BidirectionalRun>{}};
    c.op.attention(heads.rows(segment.first_row, segment.n_rows), q.rows(segment.first_row, segment.n_rows),
                   c.layout.view(layer, segment.pages), spec);
  }
  c.op.probe("attn_heads", layer, heads);
  // 5. Output projection
  const ops::Mat y = part(c.s.y, n, c.config.n_embd);
  c.op.linear(y, heads, w.attn_output);
  c.op.probe("attn_out", layer, y);
}

}  // namespace facet::model
