#include "model/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/half.h"
#include "model/test_model.h"

namespace facet::model {
namespace {

// The bytes stay beside what points into them.
struct Bound {
  std::string bytes;
  Config config;
  Weights weights;
};

Bound bind(const gguf::TestFile& test_file) {
  Bound b{test_file.bytes(), {}, {}};
  auto file = gguf::File::parse(std::as_bytes(std::span(b.bytes)), "test.gguf");
  b.config = read_config(file);
  b.weights = bind_weights(b.config, make_tensor_source(std::move(file)));
  return b;
}

void expect_refused(const gguf::TestFile& file, std::initializer_list<std::string_view> parts) {
  try {
    bind(file);
    ADD_FAILURE() << "no error";
  } catch (const FormatError& e) {
    const std::string_view message = e.what();
    EXPECT_TRUE(message.starts_with("test.gguf: ")) << message;
    for (const std::string_view part : parts)
      EXPECT_NE(message.find(part), std::string_view::npos) << part << "\n" << message;
  }
}

// How a vector may be written.
void set_vector(gguf::TestFile& file, const std::string& name, std::vector<float> values) {
  auto& t = file.find(name);
  t.type = 0;
  t.ne = {values.size()};
  t.data = gguf::TestFile::f32(values);
}

TEST(Weights, EveryPartIsBound) {
  const Bound b = bind(gemma4_file());
  const Weights& w = b.weights;
  EXPECT_EQ(w.output.data, w.token_embd.data);  // tied
  EXPECT_EQ(w.token_embd.n_out, 269);
  EXPECT_EQ(w.per_layer_token_embd.n_in, 48);
  ASSERT_EQ(w.layers.size(), 6u);
  EXPECT_EQ(w.layers[1].attn_q.n_out, 64);
  EXPECT_EQ(w.layers[1].attn_k.n_out, 32);
  EXPECT_TRUE(w.layers[4].attn_k.empty());
  EXPECT_FALSE(w.layers[4].attn_q.empty());
  EXPECT_TRUE(w.layers[0].ffn_gate_inp.empty());
  EXPECT_EQ(w.layers[3].layer_output_scale, 0.5f);
  EXPECT_EQ(w.local_freqs.size(), 8u);
  EXPECT_EQ(w.global_freqs.size(), 4u);  // the file's divisors keep the others from turning
  EXPECT_TRUE(w.ignored.empty());
  for (const Weight* m : {&w.token_embd, &w.layers[0].attn_q}) {  // views, not copies
    EXPECT_GE(m->data, std::as_bytes(std::span(b.bytes)).data());
    EXPECT_LT(m->data, std::as_bytes(std::span(b.bytes)).data() + b.bytes.size());
  }
}

int64_t total_bytes(const std::vector<std::span<const std::byte>>& ranges) {
  int64_t n = 0;
  for (const auto range : ranges) n += static_cast<int64_t>(range.size());
  return n;
}

// All that becomes resident, layer by layer; the table of per-layer embeddings does not.
TEST(Weights, InOrderOfUse) {
  const Bound dense = bind(gemma4_file());
  const Weights& w = dense.weights;
  const auto ranges = in_order_of_use(w);
  EXPECT_EQ(total_bytes(ranges), count_bytes(dense.config, w).resident);
  EXPECT_EQ(ranges.front().data(), w.per_layer_model_proj.data);
  EXPECT_EQ(ranges[1].data(), w.layers[0].attn_q.data);
  EXPECT_EQ(ranges.back().data(), w.output.data);
  for (const auto range : ranges) EXPECT_NE(range.data(), w.per_layer_token_embd.data);

  const Bound experts = bind(gemma4_file(expert_sizes()));
  const auto all = in_order_of_use(experts.weights);
  EXPECT_EQ(total_bytes(all), count_bytes(experts.config, experts.weights).resident);
  EXPECT_EQ(all.back().data(), experts.weights.layers.back().ffn_down_exps.first.data);
}

TEST(Weights, Experts) {
  const Bound b = bind(gemma4_file(expert_sizes()));
  const LayerWeights& l = b.weights.layers[0];
  EXPECT_EQ(l.ffn_gate_exps.first.n_out, 32);  // gate and up in one
  EXPECT_TRUE(l.ffn_up_exps.empty());
  EXPECT_EQ(l.ffn_down_exps.n_experts, 4);
  EXPECT_FLOAT_EQ(l.ffn_gate_inp_scale[0], 1 / std::sqrt(32.0f));
}

TEST(Weights, ExpertsWithGateAndUpApart) {
  gguf::TestFile file = gemma4_file(expert_sizes());
  for (int i = 0; i < 6; ++i) {
    const std::string blk = fmt::format("blk.{}.", i);
    file.remove_tensor(blk + "ffn_gate_up_exps.weight");
    test_model::add_matrix(file, blk + "ffn_gate_exps.weight", 32, 16, 4);
    test_model::add_matrix(file, blk + "ffn_up_exps.weight", 32, 16, 4);
  }
  const Bound b = bind(file);
  EXPECT_EQ(b.weights.layers[5].ffn_gate_exps.first.n_out, 16);
  EXPECT_EQ(b.weights.layers[5].ffn_up_exps.first.n_out, 16);
}

// Older conversions by Ollama: another name for the experts' scale, encoders in the same file.
TEST(Weights, NamesOfOllama) {
  gguf::TestFile file = gemma4_file(expert_sizes());
  for (int i = 0; i < 6; ++i)
    file.find(fmt::format("blk.{}.ffn_down_exps.scale", i)).name =
        fmt::format("blk.{}.ffn_gate_inp.per_expert_scale", i);
  set_vector(file, "blk.2.ffn_gate_inp.per_expert_scale", {1, 2, 3, 4});
  file.tensor("v.blk.0.attn_q.weight", {4}).tensor("a.conv1d.0.weight", {4}).tensor("mm.input_projection.weight", {4});
  file.tensor("v.blk.0.attn_q.bias", {4});
  const Bound b = bind(file);
  EXPECT_EQ(b.weights.layers[2].ffn_down_exps_scale, (Norm{1, 2, 3, 4}));
  EXPECT_TRUE(b.weights.ignored.empty());
}

TEST(Weights, KEqualsV) {
  gguf::TestFile file = gemma4_file();
  file.remove_tensor("blk.1.attn_v.weight");  // global: its V is K
  EXPECT_TRUE(bind(file).weights.layers[1].attn_v.empty());
  file.remove_tensor("blk.0.attn_v.weight");  // local layers have their own
  expect_refused(file, {"tensor blk.0.attn_v.weight", "is missing"});
}

TEST(Weights, AnOutputOfItsOwn) {
  gguf::TestFile file = gemma4_file();
  test_model::add_matrix(file, "output.weight", 32, 269);
  const Bound b = bind(file);
  EXPECT_NE(b.weights.output.data, b.weights.token_embd.data);
}

TEST(Weights, Gemma3) {
  const Bound b = bind(gemma3_file());
  EXPECT_EQ(b.weights.layers[0].attn_norm, Norm(32, 1.0f));
  EXPECT_EQ(b.weights.global_freqs.size(), 8u);
  EXPECT_FLOAT_EQ(b.weights.global_freqs[1], std::pow(1e6f, -1 / 8.0f));
  gguf::TestFile no_v = gemma3_file();
  no_v.remove_tensor("blk.2.attn_v.weight");  // without a norm on V, a missing V is no feature
  expect_refused(no_v, {"tensor blk.2.attn_v.weight", "is missing"});
}

TEST(Weights, VectorsComeInOtherTypesAndShapes) {
  gguf::TestFile file = gemma4_file();
  auto& norm = file.find("output_norm.weight");
  norm.type = static_cast<uint32_t>(quant::BlockType::BF16);
  norm.data.clear();
  for (int i = 0; i < 32; ++i) norm.data += gguf::TestFile::bytes_of(f32_to_bf16(static_cast<float>(i)));
  file.find("blk.0.attn_norm.weight").ne = {32, 1};
  const Bound b = bind(file);
  EXPECT_EQ(b.weights.output_norm[31], 31);
  EXPECT_EQ(b.weights.layers[0].attn_norm.size(), 32u);
}

TEST(Weights, TensorsThatAreMissing) {
  // Each of these is one that no model of its kind can do without.
  const gguf::TestFile dense = gemma4_file(), experts = gemma4_file(expert_sizes());
  for (const gguf::TestFile* whole : {&dense, &experts})
    for (const auto& t : whole->tensors) {
      if (t.name == "token_embd.weight") continue;  // the configuration misses it first
      const bool optional = t.name.ends_with("layer_output_scale.weight") ||
                            (t.name.ends_with("attn_v.weight") && (t.name[4] - '0') % 2 == 1);
      if (optional) continue;
      gguf::TestFile file = *whole;
      file.remove_tensor(t.name);
      if (t.name.ends_with("ffn_gate_up_exps.weight"))
        expect_refused(file, {"ffn_gate_exps.weight is missing"});
      else
        expect_refused(file, {"tensor " + t.name, "is missing"});
    }
}

TEST(Weights, AMissingTensorHasBothNames) {
  gguf::TestFile file = gemma4_file();
  file.remove_tensor("blk.3.attn_q.weight");
  expect_refused(file, {"tensor blk.3.attn_q.weight (layers.3.self_attn.q_proj.weight in checkpoints) is missing"});
}

TEST(Weights, ShapesThatAreWrong) {
  const gguf::TestFile whole = gemma4_file();
  for (const auto& t : whole.tensors) {
    if (t.name == "token_embd.weight") continue;  // its rows are the vocabulary
    gguf::TestFile file = whole;
    auto& changed = file.find(t.name);
    changed.ne.back() += 1;
    changed.data.clear();
    expect_refused(file, {"tensor " + t.name + " has shape [", "expected ["});
  }
  gguf::TestFile transposed = whole;
  std::swap(transposed.find("blk.0.ffn_up.weight").ne[0], transposed.find("blk.0.ffn_up.weight").ne[1]);
  expect_refused(transposed, {"tensor blk.0.ffn_up.weight has shape [32, 64], expected [64, 32] (outputs first)"});
  gguf::TestFile narrow = whole;
  auto& embedding = narrow.find("token_embd.weight");
  embedding.ne[0] = 16;
  embedding.data.clear();
  expect_refused(narrow, {"tensor token_embd.weight has shape [269, 16], expected [269, 32]"});
}

TEST(Weights, TypesThatHoldNoWeights) {
  for (const auto& [type, name] : {std::pair{quant::BlockType::I32, "i32"}, {quant::BlockType::F64, "f64"}}) {
    gguf::TestFile file = gemma4_file();
    for (const char* tensor : {"blk.0.ffn_up.weight", "output_norm.weight"}) {
      auto& t = file.find(tensor);
      t.type = static_cast<uint32_t>(type);
      t.data.clear();
    }
    expect_refused(file, {fmt::format("has type {}, which holds no weights", name)});
  }
}

TEST(Weights, NormsThatAreNotNumbers) {
  for (const float bad : {NAN, INFINITY, -INFINITY})
    for (const char* name : {"output_norm.weight", "blk.0.attn_q_norm.weight", "blk.5.post_norm.weight"}) {
      gguf::TestFile file = gemma4_file();
      auto& t = file.find(name);
      t.data.replace(4, 4, gguf::TestFile::bytes_of(bad));
      expect_refused(file, {std::string("tensor ") + name, "not a finite number; the file is damaged"});
    }
  gguf::TestFile scale = gemma4_file();
  set_vector(scale, "blk.0.layer_output_scale.weight", {NAN});
  expect_refused(scale, {"tensor blk.0.layer_output_scale.weight", "not a finite number"});
}

TEST(Weights, Divisors) {
  for (const float bad : {0.0f, -1.0f}) {
    gguf::TestFile file = gemma4_file();
    std::vector<float> divisors(16, 1);
    divisors[3] = bad;
    set_vector(file, "rope_freqs.weight", divisors);
    expect_refused(file, {"tensor rope_freqs.weight holds", "expected numbers above 0"});
  }
}

TEST(Weights, Leftovers) {
  gguf::TestFile tail = gemma4_file();  // as the first conversions have it
  for (const char* name : {"attn_k.weight", "attn_k_norm.weight", "attn_v.weight"})
    tail.tensor(std::string("blk.4.") + name, {32, 16});
  tail.tensor("blk.0.attn_q.input_scale", {1});
  EXPECT_TRUE(bind(tail).weights.ignored.empty());

  gguf::TestFile strange = gemma4_file();
  strange.tensor("blk.0.mystery.weight", {4}).tensor("mystery", {4});
  EXPECT_EQ(bind(strange).weights.ignored, (std::vector<std::string>{"blk.0.mystery.weight", "mystery"}));

  for (const char* name : {"blk.0.attn_q.bias", "blk.0.ffn_gate_inp.scale", "blk.0.mystery.scale"}) {
    gguf::TestFile changed = gemma4_file();
    changed.tensor(name, {4});
    expect_refused(changed, {std::string("tensor ") + name, "this architecture has no such part"});
  }
}

// A factor per tensor, in NVFP4 files.
TEST(Weights, ScalesOfTensors) {
  gguf::TestFile file = gemma4_file();
  file.tensor("blk.0.ffn_up.scale", {1}, quant::BlockType::F32, gguf::TestFile::f32({0.25f}));
  const Bound b = bind(file);
  EXPECT_EQ(b.weights.layers[0].ffn_up.scale, 0.25f);
  EXPECT_EQ(b.weights.layers[0].ffn_gate.scale, 1);
}

TEST(WeightBytes, OfADenseModel) {
  const Bound b = bind(gemma4_file());
  const WeightBytes n = count_bytes(b.config, b.weights);
  const auto bytes = [&](const Weight& w) { return static_cast<int64_t>(w.n_bytes()); };
  EXPECT_EQ(n.per_layer_table, bytes(b.weights.per_layer_token_embd));
  int64_t matrices = bytes(b.weights.output) + bytes(b.weights.per_layer_model_proj);
  for (const LayerWeights& l : b.weights.layers)
    for (const Weight* m :
         {&l.attn_q, &l.attn_k, &l.attn_v, &l.attn_output, &l.ffn_gate, &l.ffn_up, &l.ffn_down, &l.inp_gate, &l.proj})
      if (!m->empty()) matrices += bytes(*m);
  EXPECT_EQ(n.resident, matrices);
  EXPECT_EQ(n.per_token, matrices + 32 * 4 + 48 * 4);  // and a row of each embedding
}

TEST(WeightBytes, CountTheUsedExperts) {
  const Bound b = bind(gemma4_file(expert_sizes()));
  const WeightBytes n = count_bytes(b.config, b.weights);
  const int64_t expert = (2 * 16 * 32 + 32 * 16) * 4, unused = 6 * 2 * expert;
  EXPECT_EQ(n.resident, n.per_token - 32 * 4 + unused);
}

}  // namespace
}  // namespace facet::model
