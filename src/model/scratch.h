// The activations of one step, allocated once for its largest size; rows of every matrix are tokens. Memory is reserved
// here and becomes resident as steps touch it.
#pragma once

#include <memory>
#include <vector>

#include "model/config.h"
#include "model/step.h"

namespace facet::model {

struct Scratch {
  Scratch(const Config& config, int max_rows);
  static size_t count_bytes(const Config& config, int max_rows);

  int max_rows = 0;
  ops::Mat x;              // [rows, n_embd] the residual stream
  ops::Mat h;              // [rows, n_embd] normed input of a sublayer
  ops::Mat y;              // [rows, n_embd] output of a sublayer
  ops::Mat q;              // [rows, n_heads * head_dim], of the widest layer
  ops::Mat k, v;           // [rows, n_kv_heads * head_dim]
  ops::Mat heads;          // like q: what attention gathers
  ops::Mat gate, up;       // [rows, n_ff]
  ops::Mat per_layer;      // [rows, n_layers * n_ple]
  ops::Mat per_layer_ctx;  // like per_layer: the part that comes from the context projection
  ops::Mat ple_gate;       // [rows, n_ple]
  ops::Mat router;         // [rows, n_experts]
  ops::Mat moe_in, moe;    // [rows, n_embd]
  ops::Mat local_cos, local_sin, global_cos, global_sin;  // [rows, rotated pairs]
  std::vector<int> expert_index;                          // [rows, n_experts_used]
  std::vector<float> expert_weight;
  // Of the wanted rows, when they are fewer than all.
  std::vector<int32_t> tail_tokens;
  std::vector<int> tail_positions;
  std::vector<Segment> tail_segments;
  std::vector<MediaRows> tail_media;  // a row each

 private:
  std::unique_ptr<float[]> floats_;
};

// The first rows and columns of a scratch matrix, packed.
inline ops::Mat part(const ops::Mat& m, int rows, int cols) noexcept { return {m.data, rows, cols}; }

}  // namespace facet::model
