#include "model/tensor_names.h"

#include <gtest/gtest.h>

namespace facet::model {
namespace {

TEST(HuggingFaceName, OfModelAndLayerTensors) {
  EXPECT_EQ(hugging_face_name("token_embd.weight"), "embed_tokens.weight");
  EXPECT_EQ(hugging_face_name("output_norm.weight"), "norm.weight");
  EXPECT_EQ(hugging_face_name("blk.3.attn_q.weight"), "layers.3.self_attn.q_proj.weight");
  EXPECT_EQ(hugging_face_name("blk.12.ffn_norm.weight"), "layers.12.pre_feedforward_layernorm.weight");
  EXPECT_EQ(hugging_face_name("blk.0.layer_output_scale.weight"), "layers.0.layer_scalar");
  EXPECT_EQ(hugging_face_name("blk.0.ffn_down_exps.scale"), "layers.0.router.per_expert_scale");
  EXPECT_EQ(hugging_face_name("rope_freqs.weight"), std::nullopt);
  EXPECT_EQ(hugging_face_name("blk.0"), std::nullopt);
  EXPECT_EQ(hugging_face_name("blk.0.attn_q.scale"), std::nullopt);
}

TEST(HuggingFaceName, OfEncoderTensors) {
  using Names = std::vector<std::string>;
  const std::string layer = "vision_tower.encoder.layers.7.";
  EXPECT_EQ(hugging_face_names("v.blk.7.attn_out.weight"),
            (Names{layer + "self_attn.o_proj.linear.weight", layer + "self_attn.o_proj.weight"}));
  EXPECT_EQ(hugging_face_names("v.blk.7.ffn_down.output_max"), Names{layer + "mlp.down_proj.output_max"});
  EXPECT_EQ(hugging_face_names("v.blk.7.ln2.weight"), Names{layer + "pre_feedforward_layernorm.weight"});
  EXPECT_EQ(hugging_face_names("v.patch_embd.weight"),
            (Names{"vision_tower.patch_embedder.input_proj.weight", "vision_embedder.patch_dense.weight"}));
  EXPECT_EQ(hugging_face_names("v.std_bias"), Names{"vision_tower.std_bias"});
  EXPECT_EQ(hugging_face_name("a.blk.2.ffn_up_1.weight"),
            "audio_tower.layers.2.feed_forward2.ffw_layer_1.linear.weight");
  EXPECT_EQ(hugging_face_name("a.blk.2.conv_norm.weight"), "audio_tower.layers.2.lconv1d.pre_layer_norm.weight");
  EXPECT_EQ(hugging_face_name("a.blk.2.norm_conv.weight"), "audio_tower.layers.2.lconv1d.conv_norm.weight");
  EXPECT_EQ(hugging_face_name("a.pre_encode.out.bias"), "audio_tower.output_proj.bias");
  EXPECT_EQ(hugging_face_name("mm.a.input_projection.weight"), "embed_audio.embedding_projection.weight");
  for (const char* none : {"v.blk.7", "v.blk.7.attn_q", "v.blk.7.attn_q.scale", "v.blk.7.attn_q_norm.input_min", "a."})
    EXPECT_EQ(hugging_face_name(none), std::nullopt) << none;
}

TEST(OllamaName, OfEncoderTensors) {
  EXPECT_EQ(ollama_name("a.pre_encode.out.bias"), "mm.a.fc.bias");
  EXPECT_EQ(ollama_name("a.input_projection.weight"), "a.pre_encode.out.weight");
  EXPECT_EQ(ollama_name("a.blk.11.ln2.weight"), "a.blk.11.layer_pre_norm.weight");
  EXPECT_EQ(ollama_name("a.blk.11.attn_post_norm.weight"), "a.blk.11.ln2.weight");
  for (const char* same : {"a.blk.0.attn_q.weight", "v.blk.0.ln2.weight", "a.blk.0", "blk.0.attn_q.weight"})
    EXPECT_EQ(ollama_name(same), same);
}

TEST(HuggingFaceName, TellsEncodersFromTheTextModel) {
  for (const char* name : {"v.blk.0.ln1.weight", "a.conv1d.0.weight", "mm.input_projection.weight"})
    EXPECT_TRUE(is_encoder_tensor(name)) << name;
  for (const char* name : {"blk.0.attn_v.weight", "output.weight", "token_embd.weight"})
    EXPECT_FALSE(is_encoder_tensor(name)) << name;
}

}  // namespace
}  // namespace facet::model
