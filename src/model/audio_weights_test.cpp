#include "model/audio_weights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "model/audio_test_model.h"

namespace facet::model {
namespace {

// The bytes stay beside what points into them.
struct BoundAudio {
  std::string bytes;
  std::unique_ptr<TensorSource> source;
  AudioWeights weights;
};

BoundAudio bind_audio(const gguf::TestFile& test_file, int n_text = 24) {
  BoundAudio b{test_file.bytes(), nullptr, {}};
  auto file = gguf::File::parse(std::as_bytes(std::span(b.bytes)), "test.gguf");
  const AudioConfig config = *read_audio_config(file);
  b.source = make_tensor_source(std::move(file));
  b.weights = bind_audio_weights(config, *b.source, n_text);
  return b;
}

void expect_binding_refused(const gguf::TestFile& file, std::initializer_list<std::string_view> parts,
                            int n_text = 24) {
  try {
    bind_audio(file, n_text);
    ADD_FAILURE() << "no error";
  } catch (const FormatError& e) {
    for (const std::string_view part : parts)
      EXPECT_NE(std::string_view(e.what()).find(part), std::string_view::npos) << part << "\n" << e.what();
  }
}

TEST(AudioWeights, EveryPartIsBound) {
  const BoundAudio b = bind_audio(audio_file());
  const AudioWeights& w = b.weights;
  ASSERT_EQ(w.layers.size(), 2u);
  EXPECT_EQ(w.input_projection.n_in, 128);
  EXPECT_EQ(w.output_bias.size(), 48u);
  EXPECT_EQ(w.mm_input_projection.n_out, 24);
  EXPECT_EQ(w.layers[1].ff2.up.w.n_out, 64);
  EXPECT_EQ(w.layers[1].conv_pw1.w.n_out, 64);
  EXPECT_EQ(w.layers[0].attn_q.output_max, 0.75f);
  EXPECT_FALSE(w.layers[1].attn_q.clips_output());
  EXPECT_EQ(w.distances.size(), 12u * 32u);
}

TEST(AudioWeights, WithoutLayersThereIsOneMatrix) {
  const BoundAudio b = bind_audio(audio_file(without_layers()));
  EXPECT_EQ(b.weights.mm_input_projection.n_in, 640);
  EXPECT_TRUE(b.weights.layers.empty());
}

TEST(AudioWeights, ConvolutionsAreTurnedToLieAsTheirInputsDo) {
  auto file = audio_file();
  std::vector<float> taps(9 * 8 * 4);  // [4, 8, 3, 3]
  for (size_t i = 0; i < taps.size(); ++i) taps[i] = static_cast<float>(i);
  file.find("a.conv1d.1.weight").data = gguf::TestFile::f32(taps);
  const BoundAudio b = bind_audio(file);
  const AudioConvWeights& conv = b.weights.conv[1];
  EXPECT_EQ(conv.weight().n_in, 72);
  for (size_t o = 0; o < 4; ++o)
    for (size_t channel = 0; channel < 8; ++channel)
      for (size_t tap = 0; tap < 9; ++tap)
        ASSERT_EQ(conv.taps[o * 72 + tap * 8 + channel], taps[(o * 8 + channel) * 9 + tap]);
}

TEST(AudioWeights, QueriesCarryTheFactorsOfTheOfficialImplementation) {
  const BoundAudio b = bind_audio(audio_file());
  const double expected = 0.8 / (std::sqrt(16.0) * std::log(2)) * std::log(1 + std::exp(1)) / std::log(2);
  for (const float x : b.weights.layers[0].attn_q_scale) EXPECT_NEAR(x, expected, 1e-6);
  EXPECT_NEAR(b.weights.distances[32 + 15], std::sin(1e-4) * std::log(2) / std::log(1 + std::exp(1)), 1e-9);
}

// A checkpoint keeps per_dim_scale as it was trained.
class CheckpointLayout final : public TensorSource {
 public:
  explicit CheckpointLayout(const TensorSource& inner) : inner_(inner) {}
  std::optional<SourceTensor> find(std::string_view name) const override { return inner_.find(name); }
  Layout layout() const noexcept override { return Layout::HuggingFace; }
  std::vector<TensorFacts> all() const override { return inner_.all(); }
  const std::string& path() const noexcept override { return inner_.path(); }
  std::string format() const override { return inner_.format(); }
  uint64_t total_bytes() const noexcept override { return inner_.total_bytes(); }
  void check_unchanged() const override { inner_.check_unchanged(); }
  std::vector<std::string> unclaimed() const override { return inner_.unclaimed(); }

 private:
  const TensorSource& inner_;
};

TEST(AudioWeights, ScalesOfCheckpointsAreSoftened) {
  auto file = audio_file();
  const BoundAudio b = bind_audio(file);
  const auto parsed = gguf::File::parse(std::as_bytes(std::span(b.bytes)), "test.gguf");
  const AudioWeights w = bind_audio_weights(*read_audio_config(parsed), CheckpointLayout(*b.source), 24);
  const double softened = std::log1p(std::exp(0.8));
  EXPECT_NEAR(w.layers[0].attn_q_scale[0], b.weights.layers[0].attn_q_scale[0] * softened / 0.8, 1e-6);
}

TEST(AudioWeights, WhatDoesNotFitIsRefused) {
  expect_binding_refused(audio_file().remove_tensor("a.blk.1.conv_pw2.weight"),
                         {"test.gguf: tensor a.blk.1.conv_pw2.weight", "lconv1d.linear_end", "is missing"});
  expect_binding_refused(audio_file().remove_tensor("a.pre_encode.out.bias"), {"a.pre_encode.out.bias", "is missing"});
  auto wrong = audio_file();
  wrong.find("a.blk.0.ffn_down.weight").ne = {32, 64};
  expect_binding_refused(wrong, {"a.blk.0.ffn_down.weight", "has shape [64, 32], expected [32, 64]"});
  wrong = audio_file();
  wrong.find("a.input_projection.weight").ne = {64, 64};
  expect_binding_refused(wrong, {"a.input_projection.weight", "expected [32, 128]"});
  wrong = audio_file();
  wrong.find("a.blk.0.conv_dw.weight").data = gguf::TestFile::f32(std::vector<float>(5 * 32, NAN));
  expect_binding_refused(wrong, {"a.blk.0.conv_dw.weight", "not a finite number"});
  expect_binding_refused(audio_file(), {"mm.a.input_projection.weight", "expected [96, 48]"}, 96);
}

}  // namespace
}  // namespace facet::model
