#include "model/tensor_names.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

namespace facet::model {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

constexpr std::array<Name, 5> kModelNames{{
    {"token_embd.weight", "embed_tokens.weight"},
    {"output_norm.weight", "norm.weight"},
    {"per_layer_token_embd.weight", "embed_tokens_per_layer.weight"},
    {"per_layer_model_proj.weight", "per_layer_model_projection.weight"},
    {"per_layer_proj_norm.weight", "per_layer_projection_norm.weight"},
}};

constexpr std::array<Name, 25> kLayerNames{{
    {"attn_norm.weight", "input_layernorm.weight"},
    {"attn_q.weight", "self_attn.q_proj.weight"},
    {"attn_k.weight", "self_attn.k_proj.weight"},
    {"attn_v.weight", "self_attn.v_proj.weight"},
    {"attn_output.weight", "self_attn.o_proj.weight"},
    {"attn_q_norm.weight", "self_attn.q_norm.weight"},
    {"attn_k_norm.weight", "self_attn.k_norm.weight"},
    {"post_attention_norm.weight", "post_attention_layernorm.weight"},
    {"ffn_norm.weight", "pre_feedforward_layernorm.weight"},
    {"ffn_gate.weight", "mlp.gate_proj.weight"},
    {"ffn_up.weight", "mlp.up_proj.weight"},
    {"ffn_down.weight", "mlp.down_proj.weight"},
    {"post_ffw_norm.weight", "post_feedforward_layernorm.weight"},
    {"layer_output_scale.weight", "layer_scalar"},
    {"inp_gate.weight", "per_layer_input_gate.weight"},
    {"proj.weight", "per_layer_projection.weight"},
    {"post_norm.weight", "post_per_layer_input_norm.weight"},
    {"ffn_gate_inp.weight", "router.proj.weight"},
    {"ffn_gate_inp.scale", "router.scale"},
    {"pre_ffw_norm_2.weight", "pre_feedforward_layernorm_2.weight"},
    {"post_ffw_norm_1.weight", "post_feedforward_layernorm_1.weight"},
    {"post_ffw_norm_2.weight", "post_feedforward_layernorm_2.weight"},
    {"ffn_gate_up_exps.weight", "experts.gate_up_proj"},
    {"ffn_down_exps.weight", "experts.down_proj"},
    {"ffn_down_exps.scale", "router.per_expert_scale"},
}};

// Encoder tensors under names of their own. Of two lines for one tensor the first is for models with a tower, the
// second for those without, which project pixels as they are.
constexpr std::array<Name, 22> kEncoderNames{{
    {"v.patch_embd.weight", "vision_tower.patch_embedder.input_proj.weight"},
    {"v.patch_embd.weight", "vision_embedder.patch_dense.weight"},
    {"v.patch_embd.bias", "vision_embedder.patch_dense.bias"},
    {"v.position_embd.weight", "vision_tower.patch_embedder.position_embedding_table"},
    {"v.position_embd.weight", "vision_embedder.pos_embedding"},
    {"v.patch_norm.1.weight", "vision_embedder.patch_ln1.weight"},
    {"v.patch_norm.1.bias", "vision_embedder.patch_ln1.bias"},
    {"v.patch_norm.2.weight", "vision_embedder.patch_ln2.weight"},
    {"v.patch_norm.2.bias", "vision_embedder.patch_ln2.bias"},
    {"v.patch_norm.3.weight", "vision_embedder.pos_norm.weight"},
    {"v.patch_norm.3.bias", "vision_embedder.pos_norm.bias"},
    {"v.std_bias", "vision_tower.std_bias"},
    {"v.std_scale", "vision_tower.std_scale"},
    {"mm.input_projection.weight", "embed_vision.embedding_projection.weight"},
    {"a.conv1d.0.weight", "audio_tower.subsample_conv_projection.layer0.conv.weight"},
    {"a.conv1d.0.norm.weight", "audio_tower.subsample_conv_projection.layer0.norm.weight"},
    {"a.conv1d.1.weight", "audio_tower.subsample_conv_projection.layer1.conv.weight"},
    {"a.conv1d.1.norm.weight", "audio_tower.subsample_conv_projection.layer1.norm.weight"},
    {"a.input_projection.weight", "audio_tower.subsample_conv_projection.input_proj_linear.weight"},
    {"a.pre_encode.out.weight", "audio_tower.output_proj.weight"},
    {"a.pre_encode.out.bias", "audio_tower.output_proj.bias"},
    {"mm.a.input_projection.weight", "embed_audio.embedding_projection.weight"},
}};

constexpr std::array<Name, 7> kVisionLayerNames{{
    {"ln1.weight", "input_layernorm.weight"},
    {"attn_q_norm.weight", "self_attn.q_norm.weight"},
    {"attn_k_norm.weight", "self_attn.k_norm.weight"},
    {"attn_post_norm.weight", "post_attention_layernorm.weight"},
    {"ln2.weight", "pre_feedforward_layernorm.weight"},
    {"ffn_post_norm.weight", "post_feedforward_layernorm.weight"},
    {"out_scale.weight", "layer_scalar"},
}};

constexpr std::array<Name, 7> kVisionLinears{{
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_out", "self_attn.o_proj"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
}};

constexpr std::array<Name, 13> kAudioLayerNames{{
    {"ffn_norm.weight", "feed_forward1.pre_layer_norm.weight"},
    {"ffn_post_norm.weight", "feed_forward1.post_layer_norm.weight"},
    {"ffn_norm_1.weight", "feed_forward2.pre_layer_norm.weight"},
    {"ffn_post_norm_1.weight", "feed_forward2.post_layer_norm.weight"},
    {"attn_pre_norm.weight", "norm_pre_attn.weight"},
    {"attn_post_norm.weight", "norm_post_attn.weight"},
    {"attn_k_rel.weight", "self_attn.relative_k_proj.weight"},
    {"per_dim_scale.weight", "self_attn.per_dim_scale"},
    {"per_dim_k_scale.weight", "self_attn.per_dim_key_scale"},
    {"conv_norm.weight", "lconv1d.pre_layer_norm.weight"},
    {"conv_dw.weight", "lconv1d.depthwise_conv1d.weight"},
    {"norm_conv.weight",
     "lconv1d.conv_norm.weight"},  // GGUF's two names are easily mixed up: this one is applied later
    {"ln2.weight", "norm_out.weight"},
}};

constexpr std::array<Name, 10> kAudioLinears{{
    {"ffn_up", "feed_forward1.ffw_layer_1"},
    {"ffn_down", "feed_forward1.ffw_layer_2"},
    {"ffn_up_1", "feed_forward2.ffw_layer_1"},
    {"ffn_down_1", "feed_forward2.ffw_layer_2"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_out", "self_attn.post"},
    {"conv_pw1", "lconv1d.linear_start"},
    {"conv_pw2", "lconv1d.linear_end"},
}};

constexpr std::array<Name, 3> kOllamaNames{{
    {"a.input_projection.weight", "a.pre_encode.out.weight"},
    {"a.pre_encode.out.weight", "mm.a.fc.weight"},
    {"a.pre_encode.out.bias", "mm.a.fc.bias"},
}};

constexpr std::array<Name, 4> kOllamaAudioLayerNames{{
    {"attn_pre_norm.weight", "ln1.weight"},
    {"attn_post_norm.weight", "ln2.weight"},
    {"ln2.weight", "layer_pre_norm.weight"},
    {"attn_k_rel.weight", "linear_pos.weight"},
}};

std::optional<std::string_view> lookup(std::span<const Name> names, std::string_view gguf_name) {
  for (const auto& [ours, theirs] : names)
    if (ours == gguf_name) return theirs;
  return {};
}

// The layers of one model: how their names start, what is called by whole names, and which matrices may be clamped.
struct LayerNames {
  std::string_view ours, theirs;
  std::span<const Name> whole, linears;
};

// A matrix that may be clamped is wrapped, and the limits stand beside it; some checkpoints without limits wrap
// nothing.
std::vector<std::string> linear_names(const std::string& stem, std::string_view kind) {
  if (kind == "weight") return {stem + ".linear.weight", stem + ".weight"};
  for (const char* limit : {"input_min", "input_max", "output_min", "output_max"})
    if (kind == limit) return {fmt::format("{}.{}", stem, kind)};
  return {};
}

std::vector<std::string> layer_names(const LayerNames& layers, std::string_view gguf_name) {
  const std::string_view rest = gguf_name.substr(layers.ours.size());
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view own = rest.substr(dot + 1);
  const std::string layer = fmt::format("{}{}.", layers.theirs, rest.substr(0, dot));
  if (const auto name = lookup(layers.whole, own)) return {layer + std::string(*name)};
  const size_t last = own.rfind('.');
  if (last == std::string_view::npos) return {};
  const auto stem = lookup(layers.linears, own.substr(0, last));
  if (!stem) return {};
  return linear_names(layer + std::string(*stem), own.substr(last + 1));
}

}  // namespace

bool is_encoder_tensor(std::string_view name) {
  return name.starts_with("v.") || name.starts_with("a.") || name.starts_with("mm.");
}

std::vector<std::string> hugging_face_names(std::string_view gguf_name) {
  static constexpr std::array<LayerNames, 3> kLayers{{
      {"blk.", "layers.", kLayerNames, {}},
      {"v.blk.", "vision_tower.encoder.layers.", kVisionLayerNames, kVisionLinears},
      {"a.blk.", "audio_tower.layers.", kAudioLayerNames, kAudioLinears},
  }};
  for (const LayerNames& layers : kLayers)
    if (gguf_name.starts_with(layers.ours)) return layer_names(layers, gguf_name);
  std::vector<std::string> names;
  for (const std::span<const Name> table : {std::span<const Name>(kModelNames), std::span<const Name>(kEncoderNames)})
    for (const auto& [ours, theirs] : table)
      if (ours == gguf_name) names.emplace_back(theirs);
  return names;
}

std::optional<std::string> hugging_face_name(std::string_view gguf_name) {
  auto names = hugging_face_names(gguf_name);
  if (names.empty()) return {};
  return std::move(names.front());
}

std::string ollama_name(std::string_view gguf_name) {
  if (const auto name = lookup(kOllamaNames, gguf_name)) return std::string(*name);
  constexpr std::string_view kLayers = "a.blk.";
  const size_t dot = gguf_name.starts_with(kLayers) ? gguf_name.find('.', kLayers.size()) : std::string_view::npos;
  if (dot == std::string_view::npos) return std::string(gguf_name);
  const std::string_view own = gguf_name.substr(dot + 1);
  return std::string(gguf_name.substr(0, dot + 1)) + std::string(lookup(kOllamaAudioLayerNames, own).value_or(own));
}

}  // namespace facet::model
