// The official implementation also keeps activations within +-1e10 in many places, so that training in bf16 survives;
// nothing that a finite weight makes of a clamped input comes near that, so these clamps are left out.
#include "model/audio.h"

#include <algorithm>

#include "base/error.h"
#include "model/clipped_linear.h"
#include "model/scratch.h"

namespace facet::model {
namespace {

struct AudioContext {
  ops::Ops& op;
  const AudioConfig& config;
  const AudioWeights& weights;
  AudioScratch& s;
  int n;  // soft tokens
  const std::atomic<bool>* cancel;

  ops::Mat rows(const ops::Mat& m) const noexcept { return part(m, n, config.n_embd); }
};

// A convolution, its norm over the channels of each bin, and what is positive of it.
void convolve(const AudioContext& c, ops::Mat out, ops::ConstMat x, int layer, int n_skipped, ops::Mat scratch) {
  const AudioConvWeights& w = c.weights.conv[static_cast<size_t>(layer)];
  c.op.conv_2d(scratch, x, w.n_in, w.weight());
  c.op.layer_norm(out.split(w.n_out), scratch.rows(n_skipped, out.n_rows).split(w.n_out), w.norm, {},
                  c.config.norm_eps);
  c.op.relu(out);
}

// s.x <- soft tokens of log-mel frames. A convolution sees one row before and one behind, so tokens [a, b) depend on
// the frames of tokens [a - 1, b): of the first, which would see what lies before it, the result is left out.
void subsample(const AudioContext& c, ops::ConstMat frames) {
  const AudioConfig& config = c.config;
  const ops::Mat all = part(c.s.wide, c.n, config.n_subsampled());
  const int n_wide = (config.n_in + 1) / 2 * config.n_channels[0];
  for (int begin = 0; begin < c.n; begin += AudioScratch::kConvTokens) {
    const int n = std::min(AudioScratch::kConvTokens, c.n - begin), first = std::max(0, begin - 1);
    const int end_frame = std::min(4 * (begin + n), frames.n_rows);
    const ops::ConstMat seen = frames.rows(4 * first, end_frame - 4 * first);
    const ops::Mat half = part(c.s.half, (seen.n_rows + 1) / 2, n_wide);
    // 1. Twice: convolution, norm, ReLU; half as many rows and bins
    convolve(c, half, seen, 0, 0, half);
    const ops::Mat quarter = part(c.s.quarter, (half.n_rows + 1) / 2, config.n_subsampled());
    convolve(c, all.rows(begin, n), half, 1, begin - first, quarter);
  }
  // 2. All bins and channels of a row into the layers' width
  c.op.linear(c.rows(c.s.x), all, c.weights.input_projection);
}

// s.x += half of what a feed-forward makes of it
void feed_forward(const AudioContext& c, const AudioFeedForward& w) {
  const ops::Mat x = c.rows(c.s.x), h = c.rows(c.s.h), y = c.rows(c.s.y), wide = part(c.s.wide, c.n, c.config.n_ff);
  c.op.rms_norm(h, x, w.norm, c.config.norm_eps);
  if (w.up.clips_input()) c.op.clamp(h, h, w.up.input_min, w.up.input_max);
  // The widest of all rows are not met again between the two products: silu and both matrices' limits finish the first.
  const ops::Projection up{wide, &w.up.w, {w.up.output_min, w.up.output_max, true, w.down.input_min, w.down.input_max}};
  c.op.linears({&up, 1}, h);
  const ops::Projection down{y, &w.down.w, w.down.output()};
  c.op.linears({&down, 1}, wide);
  c.op.add_rms_norm(x, y, w.post_norm, c.config.norm_eps);
}

// s.x += attention to the row itself and a few before it
void attention(const AudioContext& c, int layer) {
  const AudioLayerWeights& w = c.weights.layers[static_cast<size_t>(layer)];
  const AudioConfig& config = c.config;
  const ops::Mat x = c.rows(c.s.x), h = c.rows(c.s.h), y = c.rows(c.s.y), clipped = c.rows(c.s.clipped);
  const ops::Mat q = c.rows(c.s.q), k = c.rows(c.s.k), v = c.rows(c.s.v);
  c.op.rms_norm(h, x, w.attn_pre_norm, config.norm_eps);
  // 1. Queries, keys and values, each within its own limits
  const ClippedProjection projections[] = {{q, &w.attn_q}, {k, &w.attn_k}, {v, &w.attn_v}};
  clipped_linears(c.op, projections, h, clipped);
  c.op.scale_cols(q, q, w.attn_q_scale);
  // 2. Keys that stand for distances
  const ops::ConstMat distances(c.weights.distances.data(), config.n_visible, config.n_embd);
  c.op.linear(c.s.distance_k, distances, w.attn_k_rel);
  // 3. Scores of both, softmax, values
  c.op.local_attention(y, q, k, v, c.s.distance_k, {config.n_heads, config.softcap});
  // 4. Output projection
  clipped_linear(c.op, h, y, w.attn_out, y);
  c.op.probe("audio_layer.attn_out", layer, h);
  c.op.add_rms_norm(x, h, w.attn_post_norm, config.norm_eps);
}

// s.x += what a gated convolution over a few rows makes of it
void convolution(const AudioContext& c, const AudioLayerWeights& w) {
  const int n_embd = c.config.n_embd;
  const ops::Mat x = c.rows(c.s.x), h = c.rows(c.s.h), y = c.rows(c.s.y), both = part(c.s.wide, c.n, 2 * n_embd);
  c.op.rms_norm(h, x, w.conv_norm, c.config.norm_eps);
  clipped_linear(c.op, both, h, w.conv_pw1, h);
  c.op.glu(h, both.cols(0, n_embd), both.cols(n_embd, n_embd));
  c.op.depthwise_conv(y, h, {w.conv_dw.data(), c.config.n_kernel, n_embd});
  c.op.rms_norm(y, y, w.norm_conv, c.config.norm_eps);
  c.op.silu(y);
  clipped_linear(c.op, h, y, w.conv_pw2, y);
  c.op.add(x, h);
}

void layer(const AudioContext& c, int i) {
  const AudioLayerWeights& w = c.weights.layers[static_cast<size_t>(i)];
  const ops::Mat x = c.rows(c.s.x);
  // a. Feed-forward, half a step
  feed_forward(c, w.ff1);
  c.op.probe("audio_layer.ff1_out", i, x);
  // b. Attention
  attention(c, i);
  // c. Convolution
  convolution(c, w);
  c.op.probe("audio_layer.conv_out", i, x);
  // d. The other half step
  feed_forward(c, w.ff2);
  // e. Norm of the whole
  c.op.rms_norm(x, x, w.ln2, c.config.norm_eps);
  c.op.probe("audio_layer.out", i, x);
}

// s.result <- the layers' output, of the width that the projection takes
void tower(const AudioContext& c, ops::ConstMat frames, ops::Mat result) {
  // 1. - 2. A quarter of the frames
  subsample(c, frames);
  c.op.probe("subsampled", -1, c.rows(c.s.x));
  // 3. Layers
  for (int i = 0; i < c.config.n_layers; ++i) {
    if (c.cancel != nullptr && c.cancel->load(std::memory_order_relaxed)) throw CancelledError();
    layer(c, i);
  }
  // 4. Output projection
  c.op.linear(result, c.rows(c.s.x), c.weights.output_projection);
  c.op.add_row(result, c.weights.output_bias);
  c.op.probe("tower_out", -1, result);
}

ops::StepLimits limits_of(const AudioConfig& c, int n_tokens) {
  ops::StepLimits limits;
  limits.n_rows = n_tokens;
  limits.n_in = std::max({c.n_in, c.n_ff, c.n_out, c.n_layers > 0 ? c.n_subsampled() : 0});
  return limits;
}

}  // namespace

void encode_audio(ops::Ops& op, const AudioConfig& config, const AudioWeights& w, ops::ConstMat x, ops::Mat out,
                  AudioScratch& s, const std::atomic<bool>* cancel) {
  const int n = config.n_soft_tokens(x.n_rows);
  assert(n >= 1 && x.n_cols == config.n_in);
  assert(out.n_rows == n && out.n_cols == w.mm_input_projection.n_out);
  s.reserve(config, x.n_rows);
  op.reserve(limits_of(config, n));
  const ops::Mat result = part(s.result, n, config.n_out);
  if (config.n_layers > 0) tower({op, config, w, s, n, cancel}, x, result);
  // 5. Norm without weight, projection
  op.rms_norm(result, config.n_layers > 0 ? result : x, {}, config.norm_eps);
  op.linear(out, result, w.mm_input_projection);
  op.probe("projected", -1, out);
}

double audio_flops(const AudioConfig& c, int n_text, int n_rows) noexcept {
  const double n = c.n_soft_tokens(n_rows), out = c.n_out, embd = c.n_embd, ff = c.n_ff;
  double of_token = out * n_text;
  if (c.n_layers > 0) {
    // A quarter of the rows, and of the bins, is left after two convolutions, a half after one.
    const double cells = (c.n_in + 3) / 4, first = c.n_channels[0], second = c.n_channels[1];
    of_token += 4 * cells * 9 * first + cells * 9 * first * second;
    of_token += c.n_subsampled() * embd + embd * out;
    of_token += c.n_layers * (4 * embd * ff + 7 * embd * embd);
  }
  return 2 * n * of_token;
}

}  // namespace facet::model
