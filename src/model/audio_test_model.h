// A small projector file with an encoder of sound, every part at small sizes. Tests damage it.
#pragma once

#include "model/test_model.h"

namespace facet::model {

struct AudioTestSizes {
  int n_layers = 2, n_in = 128, n_embd = 32, n_heads = 2, n_ff = 64, n_out = 48, n_text = 24, n_kernel = 5;
  int n_channels_1 = 8, n_channels_2 = 4;
};

namespace test_model {

// Some limits bite, others do not; of one layer they are left out.
inline void add_clipped(gguf::TestFile& f, const std::string& name, int n_in, int n_out, bool limited) {
  add_matrix(f, name + ".weight", n_in, n_out);
  if (!limited) return;
  add_vector(f, name + ".input_min", 1, -1.5f);
  add_vector(f, name + ".input_max", 1, 1.25f);
  add_vector(f, name + ".output_min", 1, -0.5f);
  add_vector(f, name + ".output_max", 1, 0.75f);
}

inline void add_random_vector(gguf::TestFile& f, const std::string& name, int n, uint32_t seed) {
  f.tensor(name, {static_cast<uint64_t>(n)}, quant::BlockType::F32, random_f32(static_cast<uint64_t>(n), 1, seed));
}

inline void add_audio_layer(gguf::TestFile& f, const AudioTestSizes& s, int layer) {
  const std::string blk = "a.blk." + std::to_string(layer) + ".";
  const bool limited = layer == 0;
  for (const std::string half : {"", "_1"}) {
    add_vector(f, blk + "ffn_norm" + half + ".weight", s.n_embd, 1.5f);
    add_clipped(f, blk + "ffn_up" + half, s.n_embd, s.n_ff, limited);
    add_clipped(f, blk + "ffn_down" + half, s.n_ff, s.n_embd, limited);
    add_vector(f, blk + "ffn_post_norm" + half + ".weight", s.n_embd, 0.75f);
  }
  for (const char* norm : {"attn_pre_norm", "attn_post_norm", "conv_norm", "norm_conv", "ln2"})
    add_vector(f, blk + norm + ".weight", s.n_embd, 1.25f);
  for (const char* matrix : {"attn_q", "attn_k", "attn_v", "attn_out", "conv_pw2"})
    add_clipped(f, blk + matrix, s.n_embd, s.n_embd, limited);
  add_matrix(f, blk + "attn_k_rel.weight", s.n_embd, s.n_embd);
  add_vector(f, blk + "per_dim_scale.weight", s.n_embd / s.n_heads, 0.8f);
  add_clipped(f, blk + "conv_pw1", s.n_embd, 2 * s.n_embd, limited);
  const auto n_taps = static_cast<uint64_t>(s.n_kernel) * static_cast<uint64_t>(s.n_embd);
  f.tensor(blk + "conv_dw.weight", {static_cast<uint64_t>(s.n_kernel), static_cast<uint64_t>(s.n_embd)},
           quant::BlockType::F32, random_f32(n_taps, 1, 5));
}

inline void add_conv(gguf::TestFile& f, int layer, int n_in, int n_out) {
  const std::string name = "a.conv1d." + std::to_string(layer) + ".";
  const auto in = static_cast<uint64_t>(n_in), out = static_cast<uint64_t>(n_out);
  f.tensor(name + "weight", {3, 3, in, out}, quant::BlockType::F32,
           random_f32(9 * in * out, 0.5f, static_cast<uint32_t>(layer)));
  add_vector(f, name + "norm.weight", n_out, 1.25f);
}

}  // namespace test_model

inline gguf::TestFile audio_file(const AudioTestSizes& s = {}) {
  using namespace test_model;
  gguf::TestFile f;
  f.value("general.architecture", "clip").value("general.type", "mmproj");
  f.value("clip.has_audio_encoder", true).value("clip.audio.projector_type", s.n_layers > 0 ? "gemma4a" : "gemma4ua");
  const auto set = [&](const char* key, int v) { f.value("clip.audio." + std::string(key), static_cast<uint32_t>(v)); };
  set("block_count", s.n_layers);
  set("embedding_length", s.n_embd);
  set("feed_forward_length", s.n_ff);
  set("attention.head_count", s.n_heads);
  set("num_mel_bins", s.n_in);
  add_matrix(f, "mm.a.input_projection.weight", s.n_out, s.n_text);
  if (s.n_layers == 0) return f;
  add_conv(f, 0, 1, s.n_channels_1);
  add_conv(f, 1, s.n_channels_1, s.n_channels_2);
  add_matrix(f, "a.input_projection.weight", (s.n_in + 3) / 4 * s.n_channels_2, s.n_embd);
  for (int i = 0; i < s.n_layers; ++i) add_audio_layer(f, s, i);
  add_matrix(f, "a.pre_encode.out.weight", s.n_embd, s.n_out);
  add_random_vector(f, "a.pre_encode.out.bias", s.n_out, 9);
  return f;
}

// 12B: 640 samples a token, and no layers.
inline AudioTestSizes without_layers() {
  AudioTestSizes s;
  s.n_layers = 0;
  s.n_out = 640;
  return s;
}

}  // namespace facet::model
