// Small encoders of pictures for tests: projector files with every part that the family has. Tests damage them.
#pragma once

#include <cmath>
#include <functional>

#include "model/test_model.h"

namespace facet::model {

struct TestVisionSizes {
  int n_layers = 2, width = 32, n_heads = 2, n_ff = 48, n_positions = 12, n_embd = 24;
  bool clips = false, standardizes = false;
};

namespace test_vision {

// Vectors around 1 that are not all alike.
inline void add_norm(gguf::TestFile& f, const std::string& name, int n, float centre = 1) {
  std::vector<float> v(static_cast<size_t>(n));
  for (size_t i = 0; i < v.size(); ++i) v[i] = centre + 0.1f * static_cast<float>(i % 7) - 0.3f;
  f.tensor(name, {v.size()}, quant::BlockType::F32, gguf::TestFile::f32(v));
}

// Larger than those of test_model, so that every part of a result shows.
inline void add_linear(gguf::TestFile& f, const std::string& name, int n_in, int n_out) {
  const auto n = static_cast<uint64_t>(n_in) * static_cast<uint64_t>(n_out);
  const auto seed = static_cast<uint32_t>(std::hash<std::string>{}(name));
  f.tensor(name, {static_cast<uint64_t>(n_in), static_cast<uint64_t>(n_out)}, quant::BlockType::F32,
           test_model::random_f32(n, 2 / std::sqrt(static_cast<float>(n_in)), seed));
}

inline void add_clipped(gguf::TestFile& f, const std::string& name, int n_in, int n_out, bool clips) {
  add_linear(f, name + ".weight", n_in, n_out);
  if (!clips) return;
  const float limit = 0.5f + 0.1f * static_cast<float>(name.size() % 5);
  test_model::add_vector(f, name + ".input_min", 1, -limit);
  test_model::add_vector(f, name + ".input_max", 1, 1.2f * limit);
  test_model::add_vector(f, name + ".output_min", 1, -1.5f * limit);
  test_model::add_vector(f, name + ".output_max", 1, 1.4f * limit);
}

inline void add_layer(gguf::TestFile& f, const std::string& blk, const TestVisionSizes& s) {
  for (const char* norm : {"ln1", "ln2", "attn_post_norm", "ffn_post_norm"})
    add_norm(f, blk + norm + ".weight", s.width);
  for (const char* norm : {"attn_q_norm", "attn_k_norm"}) add_norm(f, blk + norm + ".weight", s.width / s.n_heads);
  for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_out"})
    add_clipped(f, blk + name, s.width, s.width, s.clips);
  for (const char* name : {"ffn_gate", "ffn_up"}) add_clipped(f, blk + name, s.width, s.n_ff, s.clips);
  add_clipped(f, blk + "ffn_down", s.n_ff, s.width, s.clips);
}

inline void add_keys(gguf::TestFile& f, const char* kind, const TestVisionSizes& s) {
  f.value("general.architecture", "clip").value("clip.has_vision_encoder", true);
  f.value("clip.vision.projector_type", kind);
  const auto set = [&](const char* key, int v) {
    f.value(std::string("clip.vision.") + key, static_cast<uint32_t>(v));
  };
  set("projection_dim", s.n_embd);
  set("patch_size", 16);
  set("embedding_length", s.width);
  set("feed_forward_length", s.n_ff);
  set("block_count", s.n_layers);
  set("attention.head_count", s.n_heads);
  f.value("clip.vision.attention.layer_norm_epsilon", 1e-6f);
}

inline void add_table(gguf::TestFile& f, const TestVisionSizes& s) {
  const auto n = static_cast<uint64_t>(s.width), rows = static_cast<uint64_t>(s.n_positions);
  f.tensor("v.position_embd.weight", {n, rows, 2}, quant::BlockType::F32,
           test_model::random_f32(n * rows * 2, 0.5f, 77));
}

}  // namespace test_vision

// An encoder with layers.
inline gguf::TestFile vision_file(const TestVisionSizes& s = {}) {
  using namespace test_vision;
  gguf::TestFile f;
  add_keys(f, "gemma4v", s);
  f.tensor("v.patch_embd.weight", {16, 16, 3, static_cast<uint64_t>(s.width)}, quant::BlockType::F32,
           test_model::random_f32(768 * static_cast<uint64_t>(s.width), 0.1f, 5));
  add_table(f, s);
  for (int i = 0; i < s.n_layers; ++i) add_layer(f, fmt::format("v.blk.{}.", i), s);
  if (s.standardizes) {
    add_norm(f, "v.std_bias", s.width, 0.5f);
    add_norm(f, "v.std_scale", s.width, 2);
  }
  add_linear(f, "mm.input_projection.weight", s.width, s.n_embd);
  return f;
}

// One without.
inline gguf::TestFile unified_vision_file(TestVisionSizes s = {}) {
  using namespace test_vision;
  s.n_layers = s.n_heads = s.n_ff = 0;
  gguf::TestFile f;
  add_keys(f, "gemma4uv", s);
  add_linear(f, "v.patch_embd.weight", 6912, s.width);
  add_norm(f, "v.patch_embd.bias", s.width);
  for (int i = 1; i <= 3; ++i) {
    add_norm(f, fmt::format("v.patch_norm.{}.weight", i), i == 1 ? 6912 : s.width);
    add_norm(f, fmt::format("v.patch_norm.{}.bias", i), i == 1 ? 6912 : s.width, 0.2f);
  }
  add_table(f, s);
  add_linear(f, "mm.input_projection.weight", s.width, s.n_embd);
  return f;
}

}  // namespace facet::model
