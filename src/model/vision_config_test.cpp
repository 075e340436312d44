#include "model/vision_config.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/test_vision.h"

namespace facet::model {
namespace {

std::optional<VisionConfig> read_vision(const gguf::TestFile& f) {
  const std::string bytes = f.bytes();
  return read_vision_config(gguf::File::parse(std::as_bytes(std::span(bytes)), "mmproj.gguf"));
}

template <class F>
void refuse_config(F&& f, std::initializer_list<std::string_view> parts) {
  try {
    f();
    ADD_FAILURE() << "no error";
  } catch (const FormatError& e) {
    for (const std::string_view part : parts)
      EXPECT_NE(std::string_view(e.what()).find(part), std::string_view::npos) << part << "\n" << e.what();
  }
}

TEST(VisionConfig, OfAProjectorFile) {
  const VisionConfig c = *read_vision(vision_file());
  EXPECT_EQ(c.patch_size, 16);
  EXPECT_EQ(c.pool_size, 3);
  EXPECT_EQ(c.soft_token_size(), 48);
  EXPECT_EQ(c.patch_values(), 768);
  EXPECT_EQ(c.n_positions, 12);
  EXPECT_EQ(c.width, 32);
  EXPECT_EQ(c.n_layers, 2);
  EXPECT_EQ(c.n_heads, 2);
  EXPECT_EQ(c.head_dim, 16);
  EXPECT_EQ(c.n_ff, 48);
  EXPECT_FLOAT_EQ(c.norm_eps, 1e-6f);
  EXPECT_FALSE(c.is_standardized);
  EXPECT_FLOAT_EQ(c.pool_factor, std::sqrt(32.0f));
  TestVisionSizes large;
  large.standardizes = true;
  EXPECT_TRUE(read_vision(vision_file(large))->is_standardized);
}

TEST(VisionConfig, SaysHowManySoftTokensAPictureMayTake) {
  EXPECT_EQ(read_vision(vision_file())->max_soft_tokens, 280);
  const auto with = [](uint32_t pixels) { return vision_file().value("clip.vision.image_max_pixels", pixels); };
  EXPECT_EQ(read_vision(with(70 * 48 * 48))->max_soft_tokens, 70);
  refuse_config([&] { read_vision(with(48)); }, {"mmproj.gguf", "number of soft tokens is 0"});
}

// Files of one encoder name its kind by the older key.
TEST(VisionConfig, OfAnOlderProjectorFile) {
  EXPECT_EQ(
      read_vision(vision_file().remove("clip.vision.projector_type").value("clip.projector_type", "gemma4v"))->n_layers,
      2);
}

TEST(VisionConfig, OfAModelThatHoldsItsEncoder) {
  gguf::TestFile f = vision_file().set("general.architecture", "gemma4").remove("clip.has_vision_encoder");
  f.value("gemma4.vision.block_count", uint32_t{2}).value("gemma4.vision.embedding_length", uint32_t{32});
  f.value("gemma4.vision.feed_forward_length", uint32_t{48}).value("gemma4.vision.projector.scale_factor", uint32_t{2});
  f.value("gemma4.vision.attention.head_count", uint32_t{4});
  const VisionConfig c = *read_vision(f);
  EXPECT_EQ(c.head_dim, 8);
  EXPECT_EQ(c.soft_token_size(), 32);
  EXPECT_FALSE(read_vision(gemma4_file()).has_value());
}

TEST(VisionConfig, WithoutLayersASoftTokenIsAPatch) {
  const VisionConfig c = *read_vision(unified_vision_file());
  EXPECT_EQ(c.n_layers, 0);
  EXPECT_EQ(c.patch_size, 48);
  EXPECT_EQ(c.pool_size, 1);
  EXPECT_EQ(c.patch_values(), 6912);
  EXPECT_EQ(c.pixel_factor, 1);
  EXPECT_EQ(c.pool_factor, 1);
}

TEST(VisionConfig, OfAFileWithoutPictures) {
  EXPECT_FALSE(read_vision(vision_file().remove("clip.has_vision_encoder")).has_value());
  EXPECT_FALSE(read_vision(vision_file().set("clip.has_vision_encoder", false)).has_value());
}

TEST(VisionConfig, RefusesOtherKeys) {
  const auto refused = [](const gguf::TestFile& f, std::initializer_list<std::string_view> parts) {
    refuse_config([&] { read_vision(f); }, parts);
  };
  refused(vision_file().set("clip.vision.projector_type", "siglip"),
          {"mmproj.gguf", "\"siglip\"", "expected \"gemma4v\" or \"gemma4uv\""});
  refused(vision_file().remove("clip.vision.block_count"), {"clip.vision.block_count is missing"});
  refused(vision_file().set("clip.vision.block_count", uint32_t{0}), {"number of layers is 0, expected 1 to 512"});
  refused(vision_file().set("clip.vision.attention.head_count", uint32_t{0}), {"number of heads is 0"});
  refused(vision_file().set("clip.vision.attention.head_count", uint32_t{3}), {"width 32", "3 heads"});
  refused(vision_file().set("clip.vision.attention.head_count", uint32_t{16}), {"head size is 2"});
  refused(vision_file().set("clip.vision.patch_size", uint32_t{0}), {"patch size is 0"});
  refused(vision_file().set("clip.vision.embedding_length", uint32_t{1000000}), {"width is 1000000"});
  refused(vision_file().set("clip.vision.attention.layer_norm_epsilon", 0.0f), {"epsilon 0"});
  refused(vision_file().array("clip.vision.image_mean", std::vector<float>{0.5f, 0.5f, 0.5f}), {"image_mean"});
  gguf::TestFile no_table = vision_file();
  no_table.find("v.position_embd.weight").name = "other";
  refused(no_table, {"v.position_embd.weight is missing"});
}

std::optional<VisionConfig> parse_vision(const std::string& vision) {
  return parse_vision_config(R"({"model_type": "gemma4", "vision_config": )" + vision + "}", "config.json");
}

TEST(VisionConfig, OfAFolder) {
  const VisionConfig c = *parse_vision(R"({"model_type": "gemma4_vision", "hidden_size": 1152, "num_hidden_layers": 27,
      "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 72, "intermediate_size": 4304,
      "position_embedding_size": 512, "standardize": true, "rms_norm_eps": 1e-5,
      "rope_parameters": {"rope_theta": 50.0, "rope_type": "axial"}})");
  EXPECT_EQ(c.width, 1152);
  EXPECT_EQ(c.n_layers, 27);
  EXPECT_EQ(c.heads_width(), 1152);
  EXPECT_EQ(c.n_ff, 4304);
  EXPECT_EQ(c.n_positions, 512);
  EXPECT_TRUE(c.is_standardized);
  EXPECT_FLOAT_EQ(c.norm_eps, 1e-5f);
  EXPECT_EQ(c.rope_base, 50);
}

// What a checkpoint leaves out is as in E2B and E4B.
TEST(VisionConfig, DefaultsOfAFolder) {
  const VisionConfig c = *parse_vision("{}");
  EXPECT_EQ(c.width, 768);
  EXPECT_EQ(c.n_layers, 16);
  EXPECT_EQ(c.head_dim, 64);
  EXPECT_EQ(c.n_ff, 3072);
  EXPECT_EQ(c.n_positions, 10240);
  EXPECT_EQ(c.rope_base, 100);
  EXPECT_FALSE(c.is_standardized);
}

TEST(VisionConfig, OfAFolderWithoutLayers) {
  const VisionConfig c =
      *parse_vision(R"({"model_type": "gemma4_unified_vision", "mm_embed_dim": 64, "mm_posemb_size": 1120,
      "output_proj_dims": 64, "patch_size": 16, "pooling_kernel_size": 3})");
  EXPECT_EQ(c.n_layers, 0);
  EXPECT_EQ(c.patch_size, 48);
  EXPECT_EQ(c.width, 64);
  EXPECT_EQ(c.n_positions, 1120);
}

TEST(VisionConfig, OfAFolderWithoutPictures) {
  EXPECT_FALSE(parse_vision("null").has_value());
  EXPECT_FALSE(parse_vision_config("{}", "config.json").has_value());
}

TEST(VisionConfig, RefusesOtherFields) {
  const auto refused = [](const std::string& json, std::initializer_list<std::string_view> parts) {
    refuse_config([&] { parse_vision(json); }, parts);
  };
  refused(R"({"model_type": "siglip"})", {"config.json: vision_config", "\"siglip\""});
  refused(R"({"num_key_value_heads": 4})", {"\"num_key_value_heads\" must be"});
  refused(R"({"hidden_activation": "gelu"})", {"hidden_activation"});
  refused(R"({"attention_bias": true})", {"attention_bias"});
  refused(R"({"head_dim": 70})", {"head size 70 is no multiple of 4"});
  refused(R"({"hidden_size": "wide"})", {"\"hidden_size\" must be an integer"});
  refused(R"({"num_hidden_layers": 0})", {"number of layers is 0"});
  refused(R"({"rope_parameters": {"rope_type": "yarn"}})", {"rope_type"});
  refused(R"({"rope_parameters": {"rope_theta": 0}})", {"rotary base 0"});
  refused(R"({"model_type": "gemma4_unified_vision"})", {"\"mm_embed_dim\" is missing"});
  refuse_config([] { parse_vision_config("[]", "config.json"); }, {"expected a JSON object"});
}

}  // namespace
}  // namespace facet::model
