#include "model/audio_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace facet::model {
namespace {

uint64_t to_size(int n) { return static_cast<uint64_t>(n); }

// What the official implementation multiplies queries and keys by, beside per_dim_scale.
double query_factor(int head_dim) { return 1 / (std::sqrt(static_cast<double>(head_dim)) * std::numbers::ln2); }
double key_factor() { return std::log1p(std::numbers::e) / std::numbers::ln2; }

AudioFeedForward bind_audio_feed_forward(const Binder& b, const AudioConfig& c, const std::string& blk,
                                         const char* suffix) {
  AudioFeedForward f;
  f.norm = b.vector(blk + "ffn_norm" + suffix + ".weight", c.n_embd);
  f.up = b.clipped(blk + "ffn_up" + suffix, c.n_ff, c.n_embd);
  f.down = b.clipped(blk + "ffn_down" + suffix, c.n_embd, c.n_ff);
  f.post_norm = b.vector(blk + "ffn_post_norm" + suffix + ".weight", c.n_embd);
  for (float& x : f.post_norm) x *= c.residual_weight;
  return f;
}

// The factor of keys goes to the queries, since the scores are linear in both; keys made of distances have none, and
// are divided by it (see AudioWeights::distances).
std::vector<float> bind_query_scale(const Binder& b, const AudioConfig& c, const std::string& blk) {
  const int n = c.head_dim();
  const std::vector<float> scale = b.vector(blk + "per_dim_scale.weight", n);
  const bool is_softened = b.source().layout() == Layout::Gguf;
  std::vector<float> out(static_cast<size_t>(c.n_embd));
  for (size_t i = 0; i < out.size(); ++i) {
    const double x = scale[i % to_size(n)];
    const double soft = is_softened ? x : std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    out[i] = static_cast<float>(soft * query_factor(n) * key_factor());
  }
  return out;
}

void bind_audio_attention(AudioLayerWeights& w, const Binder& b, const AudioConfig& c, const std::string& blk) {
  w.attn_pre_norm = b.vector(blk + "attn_pre_norm.weight", c.n_embd);
  w.attn_q = b.clipped(blk + "attn_q", c.n_embd, c.n_embd);
  w.attn_k = b.clipped(blk + "attn_k", c.n_embd, c.n_embd);
  w.attn_v = b.clipped(blk + "attn_v", c.n_embd, c.n_embd);
  w.attn_k_rel = b.matrix(blk + "attn_k_rel", c.n_embd, c.n_embd);
  w.attn_q_scale = bind_query_scale(b, c, blk);
  w.attn_out = b.clipped(blk + "attn_out", c.n_embd, c.n_embd);
  w.attn_post_norm = b.vector(blk + "attn_post_norm.weight", c.n_embd);
}

void bind_convolution(AudioLayerWeights& w, const Binder& b, const AudioConfig& c, const std::string& blk) {
  w.conv_norm = b.vector(blk + "conv_norm.weight", c.n_embd);
  w.conv_pw1 = b.clipped(blk + "conv_pw1", 2 * c.n_embd, c.n_embd);
  const std::vector<float> taps = b.floats(blk + "conv_dw.weight", {to_size(c.n_embd), to_size(c.n_kernel)});
  w.conv_dw.resize(taps.size());
  for (size_t channel = 0; channel < to_size(c.n_embd); ++channel)
    for (size_t j = 0; j < to_size(c.n_kernel); ++j)
      w.conv_dw[j * to_size(c.n_embd) + channel] = taps[channel * to_size(c.n_kernel) + j];
  w.norm_conv = b.vector(blk + "norm_conv.weight", c.n_embd);
  w.conv_pw2 = b.clipped(blk + "conv_pw2", c.n_embd, c.n_embd);
}

AudioLayerWeights bind_audio_layer(const Binder& b, const AudioConfig& c, int i) {
  const std::string blk = fmt::format("a.blk.{}.", i);
  AudioLayerWeights w;
  w.ff1 = bind_audio_feed_forward(b, c, blk, "");
  bind_audio_attention(w, b, c, blk);
  bind_convolution(w, b, c, blk);
  w.ff2 = bind_audio_feed_forward(b, c, blk, "_1");
  w.ln2 = b.vector(blk + "ln2.weight", c.n_embd);
  return w;
}

// Files keep [n_out, n_in, time, bin].
AudioConvWeights bind_conv(const Binder& b, int i, int n_in, int n_out) {
  const std::string name = fmt::format("a.conv1d.{}.", i);
  const std::vector<float> taps = b.floats(name + "weight", {to_size(n_out), to_size(n_in), 3, 3});
  AudioConvWeights w{std::vector<float>(taps.size()), b.vector(name + "norm.weight", n_out), n_in, n_out};
  for (size_t o = 0; o < to_size(n_out); ++o)
    for (size_t channel = 0; channel < to_size(n_in); ++channel)
      for (size_t tap = 0; tap < 9; ++tap)
        w.taps[(o * 9 + tap) * to_size(n_in) + channel] = taps[(o * to_size(n_in) + channel) * 9 + tap];
  return w;
}

// sin(d t_i), then cos(d t_i), t_i from 1 down to 1/10000 in equal ratios.
std::vector<float> distance_codes(const AudioConfig& c) {
  const size_t half = to_size(c.n_embd) / 2;
  const double step = std::log(10000.0) / static_cast<double>(std::max<size_t>(half - 1, 1));
  std::vector<float> codes(to_size(c.n_visible) * to_size(c.n_embd));
  for (size_t d = 0; d < to_size(c.n_visible); ++d)
    for (size_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(d) * std::exp(-static_cast<double>(i) * step);
      codes[d * to_size(c.n_embd) + i] = static_cast<float>(std::sin(angle) / key_factor());
      codes[d * to_size(c.n_embd) + half + i] = static_cast<float>(std::cos(angle) / key_factor());
    }
  return codes;
}

}  // namespace

AudioWeights bind_audio_weights(const AudioConfig& c, const TensorSource& source, int n_text) {
  const Binder b(source);
  AudioWeights w;
  w.mm_input_projection = b.matrix("mm.a.input_projection", n_text, c.n_out);
  if (c.n_layers == 0) return w;
  w.conv = {bind_conv(b, 0, 1, c.n_channels[0]), bind_conv(b, 1, c.n_channels[0], c.n_channels[1])};
  w.input_projection = b.matrix("a.input_projection", c.n_embd, c.n_subsampled());
  w.distances = distance_codes(c);
  for (int i = 0; i < c.n_layers; ++i) w.layers.push_back(bind_audio_layer(b, c, i));
  w.output_projection = b.matrix("a.pre_encode.out", c.n_out, c.n_embd);
  w.output_bias = b.vector("a.pre_encode.out.bias", c.n_out);
  return w;
}

}  // namespace facet::model
