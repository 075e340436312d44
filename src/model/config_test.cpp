#include "model/config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/test_data.h"
#include "model/test_model.h"

namespace facet::model {
namespace {

Config config_of(const gguf::TestFile& file) {
  const std::string bytes = file.bytes();
  return read_config(gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf"));
}

template <class Get>
std::string error_of(Get&& get) {
  try {
    get();
  } catch (const FormatError& e) {
    return e.what();
  }
  return "no error";
}

void expect_error(const gguf::TestFile& file, std::initializer_list<std::string_view> parts) {
  const std::string message = error_of([&] { config_of(file); });
  EXPECT_TRUE(message.starts_with("test.gguf: ")) << message;
  for (const std::string_view part : parts) EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
}

TEST(GgufConfig, Gemma4) {
  const Config c = config_of(gemma4_file());
  EXPECT_EQ(c.architecture, "gemma4");
  EXPECT_EQ(c.name, "test model");
  EXPECT_EQ(c.n_layers, 6);
  EXPECT_EQ(c.n_embd, 32);
  EXPECT_EQ(c.n_heads, 2);
  EXPECT_EQ(c.n_vocab, 269);
  EXPECT_EQ(c.context_length, 128);
  EXPECT_EQ(c.window, 8);
  EXPECT_EQ(c.n_ple, 8);
  EXPECT_EQ(c.n_experts, 0);
  EXPECT_EQ(c.norm_offset, 0);
  EXPECT_EQ(c.attn_scale, 1);
  EXPECT_EQ(c.logit_softcap, 30);
  EXPECT_TRUE(c.value_norm);
  EXPECT_FALSE(c.bidirectional_media);
  EXPECT_EQ(c.embed_scale, std::sqrt(32.0f));
  EXPECT_TRUE(c.layers[0].is_local);
  EXPECT_FALSE(c.layers[5].is_local);
  EXPECT_EQ(c.layers[0].head_dim, 16);
  EXPECT_EQ(c.layers[1].head_dim, 32);
  EXPECT_EQ(c.n_kv_layers, 4);
  EXPECT_EQ(c.layers[3].kv_source, 3);
  EXPECT_EQ(c.layers[4].kv_source, 2);  // the last owner of its kind
  EXPECT_EQ(c.layers[5].kv_source, 3);
  EXPECT_EQ(c.local_rope.base, 1e4);
  EXPECT_EQ(c.global_rope.base, 1e6);
  EXPECT_TRUE(c.global_rope.has_divisors);
  EXPECT_FALSE(c.local_rope.has_divisors);
}

TEST(GgufConfig, Gemma4Experts) {
  const Config c = config_of(gemma4_file(expert_sizes()));
  EXPECT_EQ(c.n_experts, 4);
  EXPECT_EQ(c.n_experts_used, 2);
  EXPECT_EQ(c.n_expert_ff, 16);
  EXPECT_EQ(c.n_kv_layers, c.n_layers);
  EXPECT_TRUE(c.bidirectional_media);
}

TEST(GgufConfig, ValuesPerLayerAndTheirTypes) {
  // Counts come as arrays of i32, u32 or bool, or as one number; any integer type will do.
  gguf::TestFile file = gemma4_file();
  file.remove("gemma4.feed_forward_length").array("gemma4.feed_forward_length", std::vector<int32_t>{1, 2, 3, 4, 5, 6});
  file.remove("gemma4.attention.head_count_kv");
  file.array("gemma4.attention.head_count_kv", std::vector<uint32_t>{1, 2, 1, 2, 1, 2});
  file.remove("gemma4.attention.head_count").array("gemma4.attention.head_count", std::vector<uint32_t>(6, 2));
  file.remove("gemma4.attention.sliding_window_pattern");
  file.array("gemma4.attention.sliding_window_pattern", std::vector<int32_t>{1, 0, 1, 0, 1, 0});
  file.set("gemma4.block_count", int64_t{6}).set("gemma4.context_length", uint16_t{128});
  file.set("gemma4.rope.freq_base", 1e6);
  const Config c = config_of(file);
  EXPECT_EQ(c.layers[2].n_ff, 3);
  EXPECT_EQ(c.layers[3].n_kv_heads, 2);
  EXPECT_TRUE(c.layers[4].is_local);
  EXPECT_EQ(c.global_rope.base, 1e6);
}

TEST(GgufConfig, WhatIsLeftOutHasDefaults) {
  gguf::TestFile file = gemma4_file();
  for (const char* key : {"final_logit_softcapping", "rope.freq_base", "rope.freq_base_swa", "attention.value_length",
                          "attention.value_length_swa", "attention.shared_kv_layers", "attention.head_count_kv"})
    file.remove(std::string("gemma4.") + key);
  const Config c = config_of(file);
  EXPECT_EQ(c.logit_softcap, 30);  // as the reference has it
  EXPECT_EQ(c.global_rope.base, 1e4);
  EXPECT_EQ(c.local_rope.base, 1e4);
  EXPECT_EQ(c.n_kv_layers, 6);
  EXPECT_EQ(c.layers[0].n_kv_heads, 2);
}

TEST(GgufConfig, Gemma3) {
  const Config c = config_of(gemma3_file());
  EXPECT_EQ(c.architecture, "gemma3");
  EXPECT_EQ(c.norm_offset, 0);  // the converter has added 1
  EXPECT_EQ(c.attn_scale, 1 / std::sqrt(16.0f));
  EXPECT_EQ(c.logit_softcap, 0);
  EXPECT_FALSE(c.value_norm);
  const std::vector<bool> local{true, true, false, true, true, false};  // the pattern key is a period here
  for (size_t i = 0; i < local.size(); ++i) EXPECT_EQ(c.layers[i].is_local, local[i]) << i;
  EXPECT_EQ(c.global_rope.factor, 1);
  EXPECT_EQ(c.local_rope.base, 1e4);
  EXPECT_FALSE(c.global_rope.has_divisors);
}

TEST(GgufConfig, Gemma3Variants) {
  gguf::TestFile no_pattern = gemma3_file();
  no_pattern.remove("gemma3.attention.sliding_window_pattern");
  const Config six = config_of(no_pattern);  // a period of six is meant
  EXPECT_TRUE(six.layers[4].is_local);
  EXPECT_FALSE(six.layers[5].is_local);

  gguf::TestFile array = gemma3_file();
  array.remove("gemma3.attention.sliding_window_pattern");
  array.array("gemma3.attention.sliding_window_pattern", std::vector<bool>{false, true, true, true, true, true});
  EXPECT_FALSE(config_of(array).layers[0].is_local);

  gguf::TestFile no_window = gemma3_file();
  no_window.remove("gemma3.attention.sliding_window").remove("gemma3.attention.sliding_window_pattern");
  for (const LayerConfig& l : config_of(no_window).layers) EXPECT_FALSE(l.is_local);

  gguf::TestFile scaled = gemma3_file();
  scaled.value("gemma3.rope.scaling.type", "linear").value("gemma3.rope.scaling.factor", 8.0f);
  EXPECT_EQ(config_of(scaled).global_rope.factor, 8);
  EXPECT_EQ(config_of(scaled).local_rope.factor, 1);
}

// Ollama's older conversions of Gemma 3: other names for the bases, no epsilon, no scaling of long contexts.
TEST(GgufConfig, Gemma3OfOllama) {
  gguf::TestFile file = gemma3_file();
  for (const char* key : {"attention.layer_norm_rms_epsilon", "rope.freq_base", "attention.sliding_window_pattern"})
    file.remove(std::string("gemma3.") + key);
  file.set("gemma3.context_length", uint32_t{131072});
  file.value("gemma3.rope.global.freq_base", 5e5f).value("gemma3.rope.local.freq_base", 2e4f);
  file.tensor("v.blk.0.attn_q.weight", {4});
  const Config c = config_of(file);
  EXPECT_EQ(c.norm_eps, 1e-6f);
  EXPECT_EQ(c.global_rope.base, 5e5);
  EXPECT_EQ(c.local_rope.base, 2e4);
  EXPECT_EQ(c.global_rope.factor, 8);
  gguf::TestFile said = gemma3_file();
  said.set("gemma3.context_length", uint32_t{131072}).value("gemma3.rope.scaling.type", "none");
  EXPECT_EQ(config_of(said).global_rope.factor, 1);
}

// The 27B's attention scale is its own.
TEST(GgufConfig, Gemma3Of62Layers) {
  gguf::TestFile file = gemma3_file();
  file.set("gemma3.block_count", uint32_t{62}).set("gemma3.embedding_length", uint32_t{64});
  EXPECT_EQ(config_of(file).attn_scale, 1 / std::sqrt(64.0f / 2));
}

TEST(GgufConfig, OtherFiles) {
  gguf::TestFile none = gemma4_file();
  none.remove("general.architecture");
  expect_error(none, {"key general.architecture is missing"});
  gguf::TestFile matrix = gemma4_file();
  matrix.remove("general.architecture").set("general.type", "imatrix");
  expect_error(matrix, {"the file calls itself \"imatrix\""});
  gguf::TestFile llama = gemma4_file();
  llama.set("general.architecture", "llama");
  expect_error(llama, {"architecture \"llama\" is not supported: facet runs gemma4 and gemma3"});
  gguf::TestFile projector = gemma4_file();
  projector.set("general.architecture", "clip").set("general.type", "mmproj");
  expect_error(projector, {"architecture \"clip\" is not supported: it is a projector", "the model's own file"});
  for (const char* name : {"gemma4-assistant", "gemma4_assistant", "gemma4_mtp"}) {
    gguf::TestFile drafter = gemma4_file();
    drafter.set("general.architecture", name);
    expect_error(drafter, {"is a drafter", "the model's own file"});
  }
  gguf::TestFile adapter = gemma4_file();
  adapter.set("general.type", "adapter");
  expect_error(adapter, {"of the type \"adapter\"", "the model's own file"});
  gguf::TestFile number = gemma4_file();
  number.set("general.architecture", uint32_t{4});
  expect_error(number, {"key general.architecture is u32, expected a string"});
}

TEST(GgufConfig, KeysThatAreMissing) {
  for (const char* key : {"block_count", "context_length", "embedding_length", "feed_forward_length",
                          "attention.head_count", "attention.sliding_window", "attention.sliding_window_pattern"}) {
    gguf::TestFile file = gemma4_file();
    file.remove(std::string("gemma4.") + key);
    expect_error(file, {std::string("gemma4.") + key});
  }
  gguf::TestFile no_table = gemma4_file();
  no_table.remove_tensor("token_embd.weight");
  expect_error(no_table, {"tensor token_embd.weight is missing"});
}

TEST(GgufConfig, ValuesThatCannotBe) {
  const auto expect = [](const char* key, auto value, std::string_view part) {
    gguf::TestFile file = gemma4_file();
    file.set(std::string("gemma4.") + key, value);
    expect_error(file, {part});
  };
  expect("block_count", uint32_t{0}, "number of layers is 0, expected 1 to 512");
  expect("block_count", uint32_t{513}, "number of layers is 513");
  expect("block_count", uint32_t{4000000000}, "is 4000000000, which is absurd");
  expect("block_count", int32_t{-1}, "expected an integer of 0 or more");
  expect("block_count", "six", "key gemma4.block_count is string");
  expect("block_count", uint32_t{7}, "has 6 values for 7 layers");
  expect("embedding_length", uint32_t{0}, "embedding length is 0");
  expect("context_length", uint32_t{0}, "context length is 0");
  expect("attention.head_count", uint32_t{0}, "number of heads is 0");
  expect("attention.head_count", uint32_t{5000}, "number of heads is 5000, expected 1 to 1024");
  expect("attention.head_count_kv", uint32_t{0}, "layer 0: number of KV heads is 0");
  expect("attention.head_count_kv", uint32_t{3}, "layer 0: number of KV heads is 3, expected 1 to 2");
  expect("attention.head_count", uint32_t{1024},
         "layer 0: number of query heads per KV head is 1024, expected 1 to 256");
  expect("attention.key_length_swa", uint32_t{15}, "key length 15 and value length 16 differ");
  expect("attention.sliding_window", uint32_t{0}, "sliding window is 0");
  expect("attention.sliding_window_pattern", uint32_t{6}, "must say for each layer");
  expect("attention.shared_kv_layers", uint32_t{6}, "6 of 6 layers share keys and values");
  expect("attention.shared_kv_layers", uint32_t{5},
         "layer 1 shares keys and values, but no layer of its kind owns any");
  expect("attention.layer_norm_rms_epsilon", 0.0f, "norm epsilon 0 is not between 0 and 1");
  expect("attention.layer_norm_rms_epsilon", NAN, "norm epsilon nan");
  expect("final_logit_softcapping", -1.0f, "logit soft cap -1");
  expect("final_logit_softcapping", INFINITY, "logit soft cap inf");
  expect("rope.freq_base", 0.0f, "rotary base 0");
  expect("rope.freq_base", NAN, "rotary base nan");
  expect("rope.scaling.factor", 0.0f, "with factor 0");
  expect("rope.dimension_count", uint32_t{16}, "rope.dimension_count is 16, expected the head size 32");
  expect("rope.dimension_count_swa", uint32_t{8}, "rope.dimension_count_swa is 8, expected the head size 16");
  expect("feed_forward_length", uint32_t{1} << 21, "feed-forward length is 2097152");
  expect("embedding_length_per_layer_input", uint32_t{1} << 20, "per-layer embedding length is 1048576");
  expect("expert_count", uint32_t{2000}, "number of experts is 2000, expected 1 to 1024");
  expect("expert_count", uint32_t{4}, "number of used experts is 0");
  expect("expert_used_count", uint32_t{2000000000}, "number of used experts is 2000000000, expected 0 to 0");
}

TEST(GgufConfig, HeadsThatDiffer) {
  gguf::TestFile heads = gemma4_file();
  heads.remove("gemma4.attention.head_count");
  heads.array("gemma4.attention.head_count", std::vector<uint32_t>{2, 2, 4, 2, 2, 2});
  expect_error(heads, {"layers have 2 and 4 heads"});
  gguf::TestFile shared = gemma4_file();
  shared.remove("gemma4.attention.head_count_kv");
  shared.array("gemma4.attention.head_count_kv", std::vector<uint32_t>{1, 1, 1, 1, 2, 1});
  expect_error(shared, {"layer 4: its heads differ from those of layer 2"});
}

// config.json

constexpr const char* kPublished = R"({
  "model_type": "gemma4",
  "text_config": {
    "model_type": "gemma4_text", "hidden_size": 32, "num_hidden_layers": 6, "intermediate_size": 64,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "global_head_dim": 32,
    "attention_k_eq_v": true, "num_global_key_value_heads": 1, "num_kv_shared_layers": 2,
    "use_double_wide_mlp": true, "hidden_size_per_layer_input": 8, "vocab_size": 300, "sliding_window": 8,
    "max_position_embeddings": 1024, "final_logit_softcapping": 30.0, "use_bidirectional_attention": "vision",
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention",
                    "sliding_attention", "sliding_attention"],
    "rope_parameters": {
      "full_attention": {"partial_rotary_factor": 0.25, "rope_theta": 1000000.0, "rope_type": "proportional"},
      "sliding_attention": {"rope_theta": 10000.0, "rope_type": "default"}}}})";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void expect_json_error(const std::string& json, std::initializer_list<std::string_view> parts) {
  const std::string message = error_of([&] { parse_config(json, "config.json"); });
  EXPECT_TRUE(message.starts_with("config.json: ")) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  for (const std::string_view part : parts) EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
}

TEST(JsonConfig, PublishedSpelling) {
  const Config c = parse_config(kPublished, "config.json");
  EXPECT_EQ(c.n_layers, 6);
  EXPECT_EQ(c.n_vocab, 300);
  EXPECT_EQ(c.n_kv_layers, 4);
  EXPECT_FALSE(c.layers[5].is_local);  // the last layer is global whatever is written
  EXPECT_EQ(c.layers[0].head_dim, 16);
  EXPECT_EQ(c.layers[1].head_dim, 32);
  EXPECT_EQ(c.layers[0].n_kv_heads, 2);
  EXPECT_EQ(c.layers[1].n_kv_heads, 1);
  EXPECT_EQ(c.layers[3].n_ff, 64);
  EXPECT_EQ(c.layers[4].n_ff, 128);
  EXPECT_EQ(c.local_rope.n_pairs, 8);
  EXPECT_EQ(c.global_rope.n_pairs, 4);
  EXPECT_EQ(c.n_ple, 8);
  EXPECT_TRUE(c.bidirectional_media);
  EXPECT_EQ(c.norm_offset, 0);
}

TEST(JsonConfig, ProportionalRotationMayHaveAFactor) {
  EXPECT_EQ(parse_config(kPublished, "").global_rope.factor, 1);
  const Config c = parse_config(replaced(kPublished, "\"proportional\"", "\"proportional\", \"factor\": 4"), "");
  EXPECT_EQ(c.global_rope.factor, 4);
  EXPECT_EQ(c.global_rope.n_pairs, 4);
}

TEST(JsonConfig, TheCountOfGlobalHeadsNeedsSharedKeys) {
  const Config c = parse_config(replaced(kPublished, "\"attention_k_eq_v\": true", "\"attention_k_eq_v\": false"), "");
  EXPECT_EQ(c.layers[1].n_kv_heads, 2);
}

TEST(JsonConfig, ReSavedSpelling) {
  std::string json = replaced(kPublished, R"("global_head_dim": 32,)", "");
  json = replaced(json, R"("num_global_key_value_heads": 1,)", "");
  json = replaced(json, R"("vocab_size")",
                  R"("per_layer_config": {"01": {"head_dim": 32, "num_key_value_heads": 1}, "3": {"head_dim": 32,
                     "num_key_value_heads": 1}, "05": {"head_dim": 32, "num_key_value_heads": 1}}, "vocab_size")");
  const Config c = parse_config(json, "config.json");
  EXPECT_EQ(c.layers[0].head_dim, 16);
  for (const size_t i : {1, 3, 5}) {
    EXPECT_EQ(c.layers[i].head_dim, 32);
    EXPECT_EQ(c.layers[i].n_kv_heads, 1);
  }
  EXPECT_EQ(c.global_rope.n_pairs, 4);
  EXPECT_EQ(c.local_rope.n_pairs, 8);
  // All local layers may be listed too.
  json =
      replaced(json, R"("01": {)", R"("0": {"head_dim": 24}, "2": {"head_dim": 24}, "4": {"head_dim": 24}, "01": {)");
  const Config wide = parse_config(json, "config.json");
  EXPECT_EQ(wide.layers[0].head_dim, 24);
  EXPECT_EQ(wide.local_rope.n_pairs, 12);
}

// Values of the official implementation for what a file leaves out.
TEST(JsonConfig, Gemma4Defaults) {
  const Config c = parse_config(
      R"({"model_type":"gemma4_text","hidden_size":64,"num_hidden_layers":6,"intermediate_size":64})", "config.json");
  EXPECT_EQ(c.n_heads, 8);
  EXPECT_EQ(c.layers[0].n_kv_heads, 4);
  EXPECT_EQ(c.layers[0].head_dim, 256);
  EXPECT_EQ(c.layers[5].head_dim, 512);
  EXPECT_EQ(c.global_rope.n_pairs, 64);
  EXPECT_EQ(c.global_rope.base, 1e6);
  EXPECT_EQ(c.local_rope.n_pairs, 128);
  EXPECT_EQ(c.window, 512);
  EXPECT_EQ(c.n_ple, 256);
  EXPECT_EQ(c.n_vocab, 262144);
  EXPECT_EQ(c.context_length, 131072);
  EXPECT_EQ(c.logit_softcap, 0);
  const Config unified = parse_config(
      R"({"model_type":"gemma4_unified_text","hidden_size":64,"num_hidden_layers":6,"intermediate_size":64})", "");
  EXPECT_EQ(unified.n_ple, 0);
}

// Gemma 3 4B as published: most of its text model is left to defaults.
TEST(JsonConfig, Gemma3Defaults) {
  const Config c = parse_config(R"({"model_type":"gemma3","text_config":{"hidden_size":2560,"intermediate_size":10240,
    "model_type":"gemma3_text","num_hidden_layers":34,"rope_scaling":{"factor":8.0,"rope_type":"linear"},
    "sliding_window":1024},"vision_config":{"hidden_size":1152}})",
                                "config.json");
  EXPECT_EQ(c.n_heads, 8);
  EXPECT_EQ(c.layers[0].n_kv_heads, 4);
  EXPECT_EQ(c.layers[0].head_dim, 256);
  EXPECT_EQ(c.n_vocab, 262208);
  EXPECT_EQ(c.window, 1024);
  EXPECT_EQ(c.attn_scale, 1 / 16.0f);
  EXPECT_EQ(c.norm_offset, 1);
  EXPECT_EQ(c.global_rope.factor, 8);
  EXPECT_EQ(c.global_rope.base, 1e6);
  EXPECT_EQ(c.local_rope.factor, 1);
  EXPECT_EQ(c.local_rope.base, 1e4);
  EXPECT_TRUE(c.layers[4].is_local);
  EXPECT_FALSE(c.layers[5].is_local);
  EXPECT_TRUE(c.layers[33].is_local);  // 34 layers do not end with a global one
}

TEST(JsonConfig, OfTheLibrary) {
  for (const char* name : {"tiny-e2b", "tiny-e4b", "tiny-26b", "tiny-31b", "tiny-12b", "tiny-gemma3"}) {
    const std::string folder = golden_path("checkpoints/") + name;
    SKIP_WITHOUT_GOLDENS();
    const Config c = read_config(folder);
    EXPECT_EQ(c.name, name);
    EXPECT_EQ(read_config(folder + "//").name, name);
    EXPECT_EQ(c.n_vocab, 1536) << name;
  }
  const std::string message = error_of([] { read_config(golden_path("checkpoints/tiny-e2b-assistant")); });
  EXPECT_NE(message.find("model type \"gemma4_assistant\" is a drafter"), std::string::npos) << message;
}

TEST(JsonConfig, Hostile) {
  for (const char* json : {"", "[]", "1", "null", "\"text\""}) expect_json_error(json, {});
  expect_json_error("{", {"not a JSON configuration"});
  expect_json_error("{\"a\":" + std::string(9, '[') + std::string(9, ']') + "}", {"nested more than 8 deep"});
  const size_t deep = 1 << 20;
  expect_json_error("{\"a\":" + std::string(deep, '[') + std::string(deep, ']') + "}", {"nested more than 8 deep"});
  expect_json_error("{\"model_type\":\"gemma4\xff\"}", {"not a JSON configuration"});
  expect_json_error(R"({"model_type":"gemma4","hidden_size":1e999})", {"not a JSON configuration"});
  expect_json_error(R"({"model_type":"lla\nma\u001b[2J"})", {"model type \"lla\\nma\\x1b[2J\" is not supported"});
  expect_json_error(R"({"model_type":4})", {"\"model_type\" must be a string"});
  expect_json_error(R"({"text_config":[]})", {"\"text_config\" must be an object"});
  expect_json_error(R"({"model_type":"gemma4","text_config":null})", {"text_config: \"num_hidden_layers\" is missing"});
  expect_json_error(R"({"model_type":"gemma4","quantization_config":{"quant_method":"fp8"}})",
                    {"the checkpoint is quantised (fp8)", "GGUF"});
  expect_json_error(R"({"model_type":"gemma4","quantization_config":7})",
                    {"\"quantization_config\" must be an object"});
}

TEST(JsonConfig, ValuesThatCannotBe) {
  const auto expect = [](std::string_view from, std::string_view to, std::string_view part) {
    expect_json_error(replaced(kPublished, from, to), {part});
  };
  const std::string_view layers = "\"num_hidden_layers\": 6", hidden = "\"hidden_size\": 32";
  expect(layers, "\"num_hidden_layers\": 0", "number of layers is 0, expected 1 to 512");
  expect(layers, "\"num_hidden_layers\": 99999999999", "\"num_hidden_layers\" must be an integer");
  expect(layers, "\"num_hidden_layers\": 18446744073709551615", "\"num_hidden_layers\" must be an integer");
  expect(layers, "\"num_hidden_layers\": -1", "\"num_hidden_layers\" must be an integer of 0 or more");
  expect(layers, "\"num_hidden_layers\": 6.0", "\"num_hidden_layers\" must be an integer");
  expect(layers, "\"num_hidden_layers\": \"6\"", "\"num_hidden_layers\" must be an integer");
  expect(layers, "\"num_hidden_layers\": 7", "\"layer_types\" must be one name for each layer");
  expect(hidden, "\"hidden_size\": 0", "embedding length is 0");
  expect(hidden, "\"hidden_size\": 2147483647", "embedding length is 2147483647");
  expect("\"intermediate_size\": 64", "\"intermediate_size\": 2147483647", "\"intermediate_size\" must be at most");
  expect("\"full_attention\", \"sl", "\"chunked\", \"sl", "\"layer_types\" must be made of");
  expect("0.25", "0", "\"partial_rotary_factor\" must be above 0");
  expect("0.25", "1e300", "\"partial_rotary_factor\" must be above 0");
  expect("0.25", "0.01", "number of rotated pairs is 0");
  expect("\"proportional\"", "\"yarn\"", "has type \"yarn\", expected \"default\"");
  expect("\"proportional\"", "\"linear\"", "\"factor\" is missing");
  expect("\"vision\"", "\"all\"", "\"use_bidirectional_attention\" must be null or \"vision\"");
  expect("\"num_kv_shared_layers\": 2", "\"num_kv_shared_layers\": 6", "6 of 6 layers share");
  expect("\"vocab_size\": 300", "\"vocab_size\": 300, \"enable_moe_block\": true", "\"num_experts\" is missing");
  expect("\"vocab_size\": 300", "\"vocab_size\": 300, \"attention_bias\": true", "\"attention_bias\" must be false");
  expect("\"vocab_size\": 300", "\"vocab_size\": 300, \"hidden_activation\": \"relu\"", "\"gelu_pytorch_tanh\"");
  for (const char* key : {"\"7\"", "\"-1\"", "\"x\"", "\"\"", "\"99999999999999999999\""})
    expect("\"vocab_size\": 300", fmt::format("\"vocab_size\": 300, \"per_layer_config\": {{{}: {{}}}}", key),
           "\"per_layer_config\" must be made of objects under layer numbers");
  expect("\"vocab_size\": 300", "\"vocab_size\": 300, \"per_layer_config\": {\"0\": {\"head_dim\": 24}}",
         "layer 2: head size 16 differs from the 24 of layer 0");
}

TEST(JsonConfig, FilesThatCannotBeRead) { EXPECT_THROW(read_config(std::string("/no/such/folder")), ResourceError); }

}  // namespace
}  // namespace facet::model
