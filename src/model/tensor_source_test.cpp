#include "model/tensor_source.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/test_model.h"

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

TEST(GgufSource, ShapesAreRowMajor) {
  const std::string bytes = gemma4_file(expert_sizes()).bytes();
  const auto source = make_tensor_source(gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf"));
  EXPECT_EQ(source->find("blk.0.ffn_up.weight")->shape, (std::vector<uint64_t>{64, 32}));
  EXPECT_EQ(source->find("blk.0.ffn_down_exps.weight")->shape, (std::vector<uint64_t>{4, 32, 16}));
  EXPECT_EQ(source->find("nothing"), std::nullopt);
  EXPECT_EQ(source->format(), "GGUF v3");
  EXPECT_EQ(source->all().size(), gemma4_file(expert_sizes()).tensors.size());
  EXPECT_EQ(source->all()[0].type_name, "f32");
}

TEST(GgufSource, KnowsWhatNobodyAskedFor) {
  const std::string bytes = gemma4_file().bytes();
  const auto source = make_tensor_source(gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf"));
  const size_t n = source->unclaimed().size();
  source->find("token_embd.weight");
  source->find("nothing");
  EXPECT_EQ(source->unclaimed().size(), n - 1);
}

std::string safetensors_of(std::initializer_list<std::pair<std::string, std::string>> tensors) {
  std::string header;
  size_t offset = 0;
  for (const auto& [name, dtype] : tensors) {
    const size_t n = dtype == "F32" ? 8 : dtype == "I64" ? 16 : 4;
    header += fmt::format(R"({}"{}":{{"dtype":"{}","shape":[2],"data_offsets":[{},{}]}})", header.empty() ? "{" : ",",
                          name, dtype, offset, offset + n);
    offset += n;
  }
  header += "}";
  return gguf::TestFile::bytes_of(uint64_t{header.size()}) + header + std::string(offset, '\0');
}

// The same text model stands under different prefixes.
TEST(SafetensorsSource, FindsThePrefix) {
  for (const std::string prefix : {"model.language_model.", "language_model.model.", "model.", ""}) {
    const std::string bytes = safetensors_of({{prefix + "embed_tokens.weight", "BF16"},
                                              {prefix + "layers.0.self_attn.q_proj.weight", "F16"},
                                              {prefix + "layers.0.extra.weight", "F32"},
                                              {"lm_head.weight", "F32"},
                                              {"model.vision_tower.positions", "I64"}});
    const auto source = make_tensor_source(safetensors::File::parse(std::as_bytes(std::span(bytes)), "test"));
    EXPECT_EQ(source->find("token_embd.weight")->type, quant::BlockType::BF16) << prefix;
    EXPECT_EQ(source->find("blk.0.attn_q.weight")->type, quant::BlockType::F16) << prefix;
    EXPECT_EQ(source->find("output.weight")->name, "lm_head.weight") << prefix;
    EXPECT_EQ(source->find("blk.0.attn_k.weight"), std::nullopt) << prefix;
    EXPECT_EQ(source->unclaimed(), std::vector<std::string>{prefix + "layers.0.extra.weight"});
    EXPECT_EQ(source->all().size(), 5u);
    EXPECT_EQ(source->all()[4].type_name, "I64");  // a listing shows what the model cannot use
    EXPECT_EQ(source->format(), "safetensors");
  }
}

TEST(SafetensorsSource, OtherFiles) {
  const std::string bytes = safetensors_of({{"encoder.weight", "F32"}});
  EXPECT_THROW(make_tensor_source(safetensors::File::parse(std::as_bytes(std::span(bytes)), "test")), FormatError);
  const std::string integers = safetensors_of({{"model.embed_tokens.weight", "I64"}});
  const auto source = make_tensor_source(safetensors::File::parse(std::as_bytes(std::span(integers)), "test"));
  try {
    source->find("token_embd.weight");
    ADD_FAILURE() << "no error";
  } catch (const FormatError& e) {
    EXPECT_STREQ(e.what(), "test: tensor model.embed_tokens.weight has type I64, expected F32, F16 or BF16");
  }
}

}  // namespace
}  // namespace facet::model
