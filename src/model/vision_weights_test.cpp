#include "model/vision_weights.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/test_vision.h"

namespace facet::model {
namespace {

struct BoundVision {
  std::string bytes;
  VisionConfig config;
  std::unique_ptr<TensorSource> source;
  VisionWeights weights;
};

BoundVision bind_vision(const gguf::TestFile& file, int n_embd = 24) {
  BoundVision b{file.bytes(), {}, {}, {}};
  auto parsed = gguf::File::parse(std::as_bytes(std::span(b.bytes)), "mmproj.gguf");
  b.config = *read_vision_config(parsed);
  b.source = make_tensor_source(std::move(parsed));
  b.weights = bind_vision_weights(b.config, n_embd, *b.source);
  return b;
}

void refuse_vision(const gguf::TestFile& file, std::initializer_list<std::string_view> parts, int n_embd = 24) {
  try {
    bind_vision(file, n_embd);
    ADD_FAILURE() << "no error";
  } catch (const FormatError& e) {
    const std::string_view message = e.what();
    EXPECT_TRUE(message.starts_with("mmproj.gguf: ")) << message;
    for (const std::string_view part : parts)
      EXPECT_NE(message.find(part), std::string_view::npos) << part << "\n" << message;
  }
}

TEST(VisionWeights, EveryPartIsBound) {
  TestVisionSizes sizes;
  sizes.clips = sizes.standardizes = true;
  const BoundVision b = bind_vision(vision_file(sizes));
  const VisionWeights& w = b.weights;
  EXPECT_TRUE(w.is_channel_first);
  EXPECT_EQ(w.patch_embd.n_in, 768);
  EXPECT_EQ(w.patch_embd.n_out, 32);
  EXPECT_EQ(w.position[1].table.data, w.position[0].table.data + 12 * 32 * sizeof(float));
  ASSERT_EQ(w.layers.size(), 2u);
  EXPECT_EQ(w.layers[1].ffn_down.w.n_in, 48);
  EXPECT_TRUE(w.layers[1].attn_q.clips_input());
  EXPECT_TRUE(w.layers[1].ffn_down.clips_output());
  EXPECT_EQ(w.layers[0].out_scale, 1);
  EXPECT_EQ(w.std_shift.size(), 32u);
  EXPECT_FLOAT_EQ(w.std_shift[0], -0.2f);  // subtracted
  EXPECT_TRUE(w.patch_norm[0].weight.empty());
  EXPECT_EQ(w.input_projection.n_out, 24);
}

TEST(VisionWeights, WithoutLimitsNothingIsClipped) {
  const BoundVision b = bind_vision(vision_file());
  EXPECT_FALSE(b.weights.layers[0].attn_q.clips_input());
  EXPECT_FALSE(b.weights.layers[0].attn_q.clips_output());
  EXPECT_TRUE(b.weights.std_scale.empty());
}

TEST(VisionWeights, WithoutLayers) {
  const BoundVision b = bind_vision(unified_vision_file());
  const VisionWeights& w = b.weights;
  EXPECT_TRUE(w.layers.empty());
  EXPECT_EQ(w.patch_embd.n_in, 6912);
  EXPECT_EQ(w.patch_bias.size(), 32u);
  EXPECT_EQ(w.patch_norm[0].bias.size(), 6912u);
  EXPECT_EQ(w.patch_norm[2].weight.size(), 32u);
}

TEST(VisionWeights, RefusesWhatDoesNotFit) {
  const auto without = [](gguf::TestFile f, const char* name) {
    f.find(name).name = "nothing";
    return f;
  };
  refuse_vision(without(vision_file(), "v.blk.1.attn_k.weight"),
                {"v.blk.1.attn_k.weight", "encoder.layers.1.self_attn.k_proj", "missing"});
  refuse_vision(without(vision_file(), "v.patch_embd.weight"), {"v.patch_embd.weight", "missing"});
  refuse_vision(without(unified_vision_file(), "v.patch_norm.2.bias"), {"v.patch_norm.2.bias", "missing"});
  TestVisionSizes standardized;
  standardized.standardizes = true;
  refuse_vision(without(vision_file(standardized), "v.std_bias"), {"v.std_bias", "missing"});
  gguf::TestFile narrow = vision_file();
  narrow.find("v.blk.0.ffn_up.weight").ne = {32, 40};
  narrow.find("v.blk.0.ffn_up.weight").data.resize(32 * 40 * sizeof(float));
  refuse_vision(narrow, {"v.blk.0.ffn_up.weight", "[40, 32]", "expected [48, 32]"});
}

TEST(VisionWeights, RefusesAProjectorOfAnotherModel) {
  refuse_vision(vision_file(), {"rows of 24", "embeddings are 32 wide", "another model"}, 32);
}

}  // namespace
}  // namespace facet::model
