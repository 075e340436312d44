// The tensors of the encoder of pictures, bound to their roles: views of the mapped file for matrices, f32 copies for
// norms. Every shape has been checked against the VisionConfig.
#pragma once

#include <array>
#include <vector>

#include "model/binder.h"
#include "model/vision_config.h"

namespace facet::model {

// Names are GGUF's below v.blk.N; shapes are [out, in]. Norms are as they multiply.
struct VisionLayerWeights {
  std::vector<float> ln1;                       // [width]
  ClippedWeight attn_q, attn_k, attn_v;         // [heads * head_dim, width]
  std::vector<float> attn_q_norm, attn_k_norm;  // [head_dim]
  ClippedWeight attn_out;                       // [width, heads * head_dim]
  std::vector<float> attn_post_norm;            // [width]

  std::vector<float> ln2;            // [width]
  ClippedWeight ffn_gate, ffn_up;    // [n_ff, width]
  ClippedWeight ffn_down;            // [width, n_ff]
  std::vector<float> ffn_post_norm;  // [width]
  float out_scale = 1;
};

// weight empty: no norm.
struct VisionLayerNorm {
  std::vector<float> weight, bias;
};

// A table of positions along one axis: columns [first_col, first_col + width) of row p belong to position p.
struct PositionTable {
  Weight table;
  int first_col = 0;
};

struct VisionWeights {
  // How values follow one another in a row of patch_embd: [channel, row, column], or [row, column, channel].
  bool is_channel_first = false;
  Weight patch_embd;                          // [width, patch_values]
  std::vector<float> patch_bias;              // [width]; empty: none
  std::array<VisionLayerNorm, 3> patch_norm;  // before the embedding, after it, after positions; empty: none
  std::array<PositionTable, 2> position;      // by column, by row of the grid
  std::vector<VisionLayerWeights> layers;
  std::vector<float> std_shift, std_scale;  // [width]: soft tokens + shift, times scale; empty: neither
  Weight input_projection;                  // [n_embd, width]; n_embd: the text model's
};

// n_embd: width of the text model's embeddings. The source outlives the result. Throws FormatError: a tensor that is
// missing, has another shape or a type without a decoder; norms that are not finite; a projector for another model.
VisionWeights bind_vision_weights(const VisionConfig& config, int n_embd, const TensorSource& source);

}  // namespace facet::model
