#include "runtime/encoders.h"

#include <gtest/gtest.h>

#include "model/test_vision.h"

namespace facet::runtime {
namespace {

// A model's file with an encoder of pictures in it, as Ollama's converter writes one.
gguf::TestFile model_with_encoder() {
  model::TestVisionSizes sizes;
  sizes.n_embd = 32;  // the model's
  gguf::TestFile file = model::gemma4_file();
  const gguf::TestFile encoder = model::vision_file(sizes);
  for (const auto& t : encoder.tensors) file.tensor(t.name, t.ne, static_cast<quant::BlockType>(t.type), t.data);
  const auto set = [&](const char* key, int v) {
    file.value("gemma4.vision." + std::string(key), static_cast<uint32_t>(v));
  };
  set("block_count", sizes.n_layers);
  set("embedding_length", sizes.width);
  set("feed_forward_length", sizes.n_ff);
  set("attention.head_count", sizes.n_heads);
  return file;
}

struct OwnEncoders {
  explicit OwnEncoders(const gguf::TestFile& test_file) : bytes(test_file.bytes()) {
    const auto file = gguf::File::parse(std::as_bytes(std::span(bytes)), "model.gguf");
    source = model::make_tensor_source(file);
    encoders = bind_own_encoders(file, 32, *source);
  }
  std::string bytes;
  std::unique_ptr<model::TensorSource> source;
  std::optional<Encoders> encoders;
};

TEST(Encoders, OfAModelThatHoldsThemItself) {
  const OwnEncoders own(model_with_encoder());
  ASSERT_TRUE(own.encoders.has_value());
  EXPECT_EQ(own.encoders->path, "model.gguf");
  EXPECT_TRUE(own.encoders->vision_config.has_value());
  EXPECT_FALSE(own.encoders->audio_config.has_value());
  EXPECT_EQ(own.encoders->vision.layers.size(), 2u);
  EXPECT_EQ(own.encoders->vision.input_projection.n_out, 32);
}

TEST(Encoders, OfAModelThatHoldsNone) { EXPECT_FALSE(OwnEncoders(model::gemma4_file()).encoders.has_value()); }

}  // namespace
}  // namespace facet::runtime
