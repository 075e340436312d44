#include "model/tensor_source.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/test_model.h"

namespace facet::model {
namespace {

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

// Encoders stand beside the text model, or below the same prefix; their matrices may be wrapped or not.
TEST(SafetensorsSource, FindsEncoders) {
  for (const std::string root : {"model.", ""}) {
    const std::string text = root.empty() ? "language_model.model." : "model.language_model.";
    const std::string layer = root + "vision_tower.encoder.layers.0.";
    const std::string bytes = safetensors_of({{text + "embed_tokens.weight", "BF16"},
                                              {layer + "self_attn.q_proj.linear.weight", "BF16"},
                                              {layer + "self_attn.q_proj.input_min", "F32"},
                                              {layer + "self_attn.k_proj.weight", "F16"},
                                              {root + "vision_embedder.patch_dense.weight", "F32"},
                                              {root + "embed_audio.embedding_projection.weight", "F16"}});
    const auto source = make_tensor_source(safetensors::File::parse(std::as_bytes(std::span(bytes)), "test"));
    EXPECT_EQ(source->layout(), Layout::HuggingFace);
    EXPECT_EQ(source->find("v.blk.0.attn_q.weight")->name, layer + "self_attn.q_proj.linear.weight");
    EXPECT_EQ(source->find("v.blk.0.attn_q.input_min")->type, quant::BlockType::F32);
    EXPECT_EQ(source->find("v.blk.0.attn_k.weight")->name, layer + "self_attn.k_proj.weight");
    EXPECT_EQ(source->find("v.patch_embd.weight")->name, root + "vision_embedder.patch_dense.weight");
    EXPECT_EQ(source->find("mm.a.input_projection.weight")->type, quant::BlockType::F16);
    EXPECT_EQ(source->find("v.blk.1.attn_q.weight"), std::nullopt);
  }
}

TEST(GgufSource, FindsEncodersUnderTheirOwnNames) {
  gguf::TestFile file;
  file.value("general.architecture", "clip");
  test_model::add_matrix(file, "v.blk.0.attn_q.weight", 32, 32);
  const std::string bytes = file.bytes();
  const auto source = make_tensor_source(gguf::File::parse(std::as_bytes(std::span(bytes)), "mmproj.gguf"));
  EXPECT_EQ(source->layout(), Layout::Gguf);
  EXPECT_EQ(source->find("v.blk.0.attn_q.weight")->shape, (std::vector<uint64_t>{32, 32}));
  EXPECT_EQ(source->find("v.blk.0.attn_q.input_min"), std::nullopt);
}

// Two names mean one tensor in projector files and another in Ollama's.
TEST(GgufSource, FindsEncodersUnderOllamasNames) {
  gguf::TestFile file;
  file.value("general.architecture", "gemma4");
  test_model::add_matrix(file, "mm.a.fc.weight", 32, 48);
  test_model::add_matrix(file, "a.pre_encode.out.weight", 16, 32);
  test_model::add_vector(file, "a.blk.0.ln2.weight", 8);
  test_model::add_vector(file, "a.blk.0.layer_pre_norm.weight", 9);
  const std::string bytes = file.bytes();
  const auto source = make_tensor_source(gguf::File::parse(std::as_bytes(std::span(bytes)), "model.gguf"));
  EXPECT_EQ(source->find("a.pre_encode.out.weight")->name, "mm.a.fc.weight");
  EXPECT_EQ(source->find("a.input_projection.weight")->shape, (std::vector<uint64_t>{32, 16}));
  EXPECT_EQ(source->find("a.blk.0.attn_post_norm.weight")->shape, std::vector<uint64_t>{8});
  EXPECT_EQ(source->find("a.blk.0.ln2.weight")->shape, std::vector<uint64_t>{9});
  EXPECT_TRUE(source->unclaimed().empty());
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
