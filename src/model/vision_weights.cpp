#include "model/vision_weights.h"

#include <fmt/format.h>

#include "base/error.h"

namespace facet::model {
namespace {

uint64_t count(int n) { return static_cast<uint64_t>(n); }

VisionLayerWeights bind_layer(const Binder& b, const VisionConfig& c, int layer) {
  const std::string blk = fmt::format("v.blk.{}.", layer);
  const int n = c.width, heads = c.heads_width();
  VisionLayerWeights w;
  w.ln1 = b.vector(blk + "ln1.weight", n);
  w.attn_q = b.clipped(blk + "attn_q", heads, n);
  w.attn_k = b.clipped(blk + "attn_k", heads, n);
  w.attn_v = b.clipped(blk + "attn_v", heads, n);
  w.attn_q_norm = b.vector(blk + "attn_q_norm.weight", c.head_dim);
  w.attn_k_norm = b.vector(blk + "attn_k_norm.weight", c.head_dim);
  w.attn_out = b.clipped(blk + "attn_out", n, heads);
  w.attn_post_norm = b.vector(blk + "attn_post_norm.weight", n);
  w.ln2 = b.vector(blk + "ln2.weight", n);
  w.ffn_gate = b.clipped(blk + "ffn_gate", c.n_ff, n);
  w.ffn_up = b.clipped(blk + "ffn_up", c.n_ff, n);
  w.ffn_down = b.clipped(blk + "ffn_down", n, c.n_ff);
  w.ffn_post_norm = b.vector(blk + "ffn_post_norm.weight", n);
  if (const auto scale = b.vector(blk + "out_scale.weight", 1, Need::Optional); !scale.empty()) w.out_scale = scale[0];
  return w;
}

// One row for each output, whatever dimensions the file gives it.
Weight bind_patches(const Binder& b, const VisionConfig& c) {
  const bool by_channel = c.n_layers > 0 && b.source().layout() == Layout::Gguf;
  const Shape shape = by_channel ? Shape{count(c.width), 3, count(c.patch_size), count(c.patch_size)}
                                 : Shape{count(c.width), count(c.patch_values())};
  const auto t = b.take("v.patch_embd.weight", shape, Need::Required);
  // Blocks of several values are cut along the file's last dimension, which need not be the product's rows.
  if (quant::block_info(t->type).n_elements != 1)
    throw_error<FormatError>("{}: tensor {} has type {}, expected F32, F16 or BF16", b.source().path(), t->name,
                             quant::block_info(t->type).name);
  return {t->data.data(), t->type, c.patch_values(), c.width, 1};
}

std::array<PositionTable, 2> bind_positions(const Binder& b, const VisionConfig& c) {
  const std::string name = "v.position_embd.weight";
  if (c.n_layers == 0 && b.source().layout() == Layout::HuggingFace) {
    const auto t = b.take(name, {count(c.n_positions), 2, count(c.width)}, Need::Required);
    const Weight both{t->data.data(), t->type, 2 * c.width, c.n_positions, 1};
    return {{{both, 0}, {both, c.width}}};
  }
  const auto t = b.take(name, {2, count(c.n_positions), count(c.width)}, Need::Required);
  const Weight both{t->data.data(), t->type, c.width, 2 * c.n_positions, 1};
  return {{{both.rows(0, c.n_positions), 0}, {both.rows(c.n_positions, c.n_positions), 0}}};
}

// Of the encoders without layers.
void bind_patch_norms(VisionWeights& w, const Binder& b, const VisionConfig& c) {
  w.patch_bias = b.vector("v.patch_embd.bias", c.width);
  for (size_t i = 0; i < w.patch_norm.size(); ++i) {
    const std::string name = fmt::format("v.patch_norm.{}", i + 1);
    const int n = i == 0 ? c.patch_values() : c.width;
    w.patch_norm[i] = {b.vector(name + ".weight", n), b.vector(name + ".bias", n)};
  }
}

void bind_standardization(VisionWeights& w, const Binder& b, const VisionConfig& c) {
  w.std_shift = b.vector("v.std_bias", c.width);
  for (float& x : w.std_shift) x = -x;
  w.std_scale = b.vector("v.std_scale", c.width);
}

Weight bind_projection(const Binder& b, const VisionConfig& c, int n_embd) {
  const std::string name = "mm.input_projection";
  if (const auto t = b.source().find(name + ".weight");
      t && t->shape.size() == 2 && t->shape[0] != count(n_embd) && t->shape[1] == count(c.width))
    throw_error<FormatError>(
        "{}: pictures become rows of {}, but the model's embeddings are {} wide: the projector belongs to another "
        "model",
        b.source().path(), t->shape[0], n_embd);
  return b.matrix(name, n_embd, c.width);
}

}  // namespace

VisionWeights bind_vision_weights(const VisionConfig& c, int n_embd, const TensorSource& source) {
  const Binder b(source);
  VisionWeights w;
  w.is_channel_first = source.layout() == Layout::Gguf;
  w.patch_embd = bind_patches(b, c);
  w.position = bind_positions(b, c);
  if (c.n_layers == 0) bind_patch_norms(w, b, c);
  for (int i = 0; i < c.n_layers; ++i) w.layers.push_back(bind_layer(b, c, i));
  if (c.is_standardized) bind_standardization(w, b, c);
  w.input_projection = bind_projection(b, c, n_embd);
  return w;
}

}  // namespace facet::model
