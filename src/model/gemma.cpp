#include "model/gemma.h"

#include <algorithm>

#include "base/error.h"
#include "model/block.h"

namespace facet::model {
namespace {

int end_row(const MediaRows& media) { return media.first_row + media.embeddings.n_rows; }

// The wanted rows alone, with segments and media to match.
Rows wanted_rows(const Step& step, Scratch& s) {
  s.tail_tokens.clear();
  s.tail_positions.clear();
  s.tail_segments.clear();
  s.tail_media.clear();
  size_t next = 0, medium = 0;
  const auto media = step.rows.media;
  for (const Segment& segment : step.rows.segments) {
    Segment tail = segment;
    tail.first_row = static_cast<int>(s.tail_tokens.size());
    for (; next < step.wanted.size() && step.wanted[next] < segment.first_row + segment.n_rows; ++next) {
      const auto row = static_cast<size_t>(step.wanted[next]);
      while (medium < media.size() && end_row(media[medium]) <= step.wanted[next]) ++medium;
      if (medium < media.size() && media[medium].first_row <= step.wanted[next])
        s.tail_media.push_back({static_cast<int>(s.tail_tokens.size()),
                                media[medium].embeddings.rows(step.wanted[next] - media[medium].first_row, 1)});
      s.tail_tokens.push_back(step.rows.tokens[row]);
      s.tail_positions.push_back(step.rows.positions[row]);
    }
    tail.n_rows = static_cast<int>(s.tail_tokens.size()) - tail.first_row;
    if (tail.n_rows > 0) s.tail_segments.push_back(tail);
  }
  return {s.tail_tokens, s.tail_positions, s.tail_segments, s.tail_media};
}

// Rotary tables of the rows' positions and, from the embeddings x, the per-layer inputs of layers [begin, end).
void start_layers(Context& c, ops::Mat x, int begin, int end) {
  rope_tables(c);
  if (c.config.n_ple == 0) return;
  c.first_per_layer = begin;
  c.n_per_layer = end - begin;
  per_layer_inputs(c, x);
}

void run_layers(const Context& c, int begin, int end, const std::atomic<bool>* cancel) {
  for (int layer = begin; layer < end; ++layer) {
    if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) throw CancelledError();
    block(c, layer);
  }
}

// The first rows of buffer <- scaled embeddings of the rows' tokens, or what encoders have put in their place.
ops::Mat embed(const Context& c, ops::Mat buffer) {
  const ops::Mat x = part(buffer, c.rows.n(), c.config.n_embd);
  c.op.embed(x, c.rows.tokens, c.weights.token_embd, 0, c.config.embed_scale);
  for (const MediaRows& media : c.rows.media)
    c.op.copy(x.rows(media.first_row, media.embeddings.n_rows), media.embeddings);
  return x;
}

}  // namespace

ops::StepLimits step_limits(const Config& c, int max_rows) noexcept {
  ops::StepLimits limits;
  limits.n_rows = max_rows;
  limits.n_heads = c.n_heads;
  limits.head_dim = c.max_head_dim();
  limits.n_in = std::max({c.n_embd, c.n_heads * c.max_head_dim(), c.max_ff(), c.n_layers * c.n_ple});
  for (const LayerConfig& l : c.layers) limits.query_group = std::max(limits.query_group, c.n_heads / l.n_kv_heads);
  if (c.n_experts > 0) {
    limits.n_embd = c.n_embd;
    limits.n_expert_ff = c.n_expert_ff;
    limits.n_experts = c.n_experts;
    limits.n_experts_used = c.n_experts_used;
  }
  return limits;
}

ops::ConstMat forward(ops::Ops& op, const Config& config, const Weights& weights, const KvLayout& layout,
                      const Step& step, Scratch& s) {
  const Rows& all = step.rows;
  const Rows wanted = wanted_rows(step, s);
  const int n_all = all.n(), n_wanted = wanted.n();
  assert(n_all <= s.max_rows);
  // The tail (layers without their own K and V) changes no cache, so it runs for the wanted rows only.
  const int tail = n_wanted == n_all ? config.n_layers : config.n_kv_layers;

  // 1. Embedding, and the layers that all rows need
  Context c{op, config, weights, layout, s, all};
  const ops::Mat x = embed(c, s.x);
  op.probe("embed", -1, x);
  start_layers(c, x, 0, tail);
  run_layers(c, 0, tail, step.cancel);

  // 2. The tail. Per-layer inputs start from the embedding, which the stream no longer holds.
  if (n_wanted != n_all) op.copy_rows(part(s.x, n_wanted, config.n_embd), x, step.wanted);
  if (tail < config.n_layers && n_wanted > 0) {
    Context t{op, config, weights, layout, s, wanted};
    start_layers(t, embed(t, s.h), tail, config.n_layers);
    run_layers(t, tail, config.n_layers, step.cancel);
  }

  // 3. Final norm; head() follows for the rows whose logits are asked for
  const ops::Mat hidden = part(s.h, n_wanted, config.n_embd);
  op.rms_norm(hidden, part(s.x, n_wanted, config.n_embd), weights.output_norm, config.norm_eps);
  op.probe("final_norm", -1, hidden);
  return hidden;
}

void head(ops::Ops& op, const Config& config, const Weights& weights, ops::Mat logits, ops::ConstMat hidden) {
  op.linear(logits, hidden, weights.output);
  if (config.logit_softcap > 0) op.softcap(logits, config.logit_softcap);
}

}  // namespace facet::model
