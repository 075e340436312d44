// The tensors of a model, bound to their roles: views of the mapped file for matrices, f32 copies for the few kilobytes
// of norms and scales. Every shape has been checked against the Config.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/tensor_source.h"
#include "ops/tensor.h"

namespace facet::model {

using ops::ExpertWeight;
using ops::Weight;
using Norm = std::vector<float>;  // as it multiplies: any offset is already added; empty: absent

// Names are GGUF's; shapes are [out, in].
struct LayerWeights {
  Norm attn_norm;  // [n_embd]
  Weight attn_q;   // [n_heads * head_dim, n_embd]
  Weight attn_k,
      attn_v;  // [n_kv_heads * head_dim, n_embd]; k empty: reads another layer's; v empty: V is K before its norm
  Weight attn_output;             // [n_embd, n_heads * head_dim]
  Norm attn_q_norm, attn_k_norm;  // [head_dim]
  Norm post_attention_norm;       // [n_embd]

  Norm ffn_norm;            // [n_embd]
  Weight ffn_gate, ffn_up;  // [n_ff, n_embd]
  Weight ffn_down;          // [n_embd, n_ff]
  Norm post_ffw_norm;       // [n_embd]

  // Experts beside the dense feed-forward; ffn_gate_inp empty: none.
  Weight ffn_gate_inp;                                    // router [n_experts, n_embd]
  Norm ffn_gate_inp_scale;                                // [n_embd], with 1/sqrt(n_embd) multiplied in
  Norm ffn_down_exps_scale;                               // [n_experts]
  Norm ffn_gate_exps_scale, ffn_up_exps_scale;            // [n_experts]; NVFP4 files only
  Norm pre_ffw_norm_2, post_ffw_norm_1, post_ffw_norm_2;  // [n_embd]
  ExpertWeight ffn_gate_exps, ffn_up_exps;  // n_experts x [n_expert_ff, n_embd], or gate holds both and up is empty
  ExpertWeight ffn_down_exps;               // n_experts x [n_embd, n_expert_ff]

  // Per-layer input; inp_gate empty: none.
  Weight inp_gate;  // [n_ple, n_embd]
  Weight proj;      // [n_embd, n_ple]
  Norm post_norm;   // [n_embd]

  float layer_output_scale = 1;
};

// Calls f(matrix) for the matrices that every token meets, those of them that the layer has.
template <class F>
void for_each_matrix(const LayerWeights& l, F&& f) {
  for (const Weight* w : {&l.attn_q, &l.attn_k, &l.attn_v, &l.attn_output, &l.ffn_gate, &l.ffn_up, &l.ffn_down,
                          &l.ffn_gate_inp, &l.inp_gate, &l.proj})
    if (!w->empty()) f(*w);
}

// Calls f(stack) for the matrices of experts, of which a token meets a few.
template <class F>
void for_each_stack(const LayerWeights& l, F&& f) {
  for (const ExpertWeight* w : {&l.ffn_gate_exps, &l.ffn_up_exps, &l.ffn_down_exps})
    if (!w->empty()) f(*w);
}

struct Weights {
  std::unique_ptr<TensorSource> source;          // owns the maps
  Weight token_embd;                             // [n_vocab, n_embd]
  Weight output;                                 // [n_vocab, n_embd]; token_embd when tied
  Norm output_norm;                              // [n_embd]
  Weight per_layer_token_embd;                   // [n_vocab, n_layers * n_ple]
  Weight per_layer_model_proj;                   // [n_layers * n_ple, n_embd]
  Norm per_layer_proj_norm;                      // [n_ple]
  std::vector<float> local_freqs, global_freqs;  // angle per position of each rotated pair
  std::vector<LayerWeights> layers;
  std::vector<std::string> ignored;  // text tensors of the file that the model does not use
};

// Throws FormatError: a tensor that is missing, has another shape or a type without a decoder; norms or scales that are
// not finite. Tensors of a KV-sharing tail's own K and V are ignored.
Weights bind_weights(const Config& config, std::unique_ptr<TensorSource> source);

// Bytes of the file that decoding one token reads (a row of each embedding table, the used experts), and those that
// become resident with use: everything bound but the per-layer-embedding table.
struct WeightBytes {
  int64_t per_token = 0;
  int64_t resident = 0;
  int64_t per_layer_table = 0;
};
WeightBytes count_bytes(const Config& config, const Weights& weights);

// What becomes resident, in the order in which a step first meets it; stacks of experts, of which a token meets a few,
// come last.
std::vector<std::span<const std::byte>> in_order_of_use(const Weights& weights);

}  // namespace facet::model
