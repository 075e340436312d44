#include "model/audio_config.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/audio_test_model.h"

namespace facet::model {
namespace {

std::optional<AudioConfig> read_audio(const gguf::TestFile& file) {
  const std::string bytes = file.bytes();
  return read_audio_config(gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf"));
}

template <class Read>
void expect_audio_refused(Read&& attempt, std::string_view part) {
  try {
    attempt();
    ADD_FAILURE() << "no error that says " << part;
  } catch (const FormatError& e) {
    EXPECT_TRUE(std::string_view(e.what()).starts_with("test.")) << e.what();
    EXPECT_NE(std::string_view(e.what()).find(part), std::string_view::npos) << e.what();
  }
}

TEST(AudioConfig, OfAProjectorFile) {
  const auto c = read_audio(audio_file());
  ASSERT_TRUE(c);
  EXPECT_EQ(c->n_layers, 2);
  EXPECT_EQ(c->n_in, 128);
  EXPECT_EQ(c->n_embd, 32);
  EXPECT_EQ(c->head_dim(), 16);
  EXPECT_EQ(c->n_ff, 64);
  EXPECT_EQ(c->n_out, 48);
  EXPECT_EQ(c->n_kernel, 5);
  EXPECT_EQ(c->n_channels, (std::array<int, 2>{8, 4}));
  EXPECT_EQ(c->n_subsampled(), 128);
  EXPECT_EQ(c->n_visible, 12);
}

TEST(AudioConfig, SoftTokensOfAClip) {
  const auto c = read_audio(audio_file());
  // Frames and tokens of clips of 11 ms, 50 ms, 1 s and 30 s.
  EXPECT_EQ(c->n_soft_tokens(1), 1);
  EXPECT_EQ(c->n_soft_tokens(4), 1);
  EXPECT_EQ(c->n_soft_tokens(5), 2);
  EXPECT_EQ(c->n_soft_tokens(99), 25);
  EXPECT_EQ(c->n_soft_tokens(2999), 750);
}

TEST(AudioConfig, WithoutLayersSamplesAreProjected) {
  const auto c = read_audio(audio_file(without_layers()));
  ASSERT_TRUE(c);
  EXPECT_EQ(c->n_layers, 0);
  EXPECT_EQ(c->n_in, 640);
  EXPECT_EQ(c->n_soft_tokens(61), 61);
}

TEST(AudioConfig, OfAModelThatHoldsItsEncoder) {
  gguf::TestFile f = audio_file().set("general.architecture", "gemma4").remove("clip.has_audio_encoder");
  f.value("gemma4.audio.block_count", uint32_t{1}).value("gemma4.audio.embedding_length", uint32_t{32});
  f.value("gemma4.audio.feed_forward_length", uint32_t{128}).value("gemma4.audio.attention.head_count", uint32_t{4});
  const auto c = read_audio(f);
  EXPECT_EQ(c->n_layers, 1);
  EXPECT_EQ(c->n_ff, 128);
  EXPECT_EQ(c->n_in, 128);
}

TEST(AudioConfig, AFileWithoutSoundHasNone) {
  EXPECT_FALSE(read_audio(audio_file().remove("clip.has_audio_encoder")));
  EXPECT_FALSE(read_audio(audio_file().set("clip.has_audio_encoder", false)));
  EXPECT_FALSE(parse_audio_config(R"({"model_type": "gemma4", "audio_config": null})", "test.json"));
}

// Old files name one kind for both encoders, and say a wrong epsilon.
TEST(AudioConfig, OfAnOldProjectorFile) {
  auto file = audio_file();
  file.remove("clip.audio.projector_type").value("clip.projector_type", "gemma4a");
  file.value("clip.audio.attention.layer_norm_epsilon", 1e-5f);
  const auto c = read_audio(file);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->norm_eps, 1e-6f);
}

TEST(AudioConfig, OfACheckpoint) {
  const auto c = parse_audio_config(R"({"audio_config": {"model_type": "gemma4_audio", "hidden_size": 64,
      "num_attention_heads": 4, "num_hidden_layers": 2, "output_proj_dims": 96, "conv_kernel_size": 3,
      "subsampling_conv_channels": [16, 8], "attention_context_left": 9, "attention_logit_cap": 30.0,
      "residual_weight": 0.25, "rms_norm_eps": 1e-5}})",
                                    "test.json");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->n_in, 128);
  EXPECT_EQ(c->n_embd, 64);
  EXPECT_EQ(c->n_ff, 256);
  EXPECT_EQ(c->n_out, 96);
  EXPECT_EQ(c->n_kernel, 3);
  EXPECT_EQ(c->n_visible, 8);
  EXPECT_EQ(c->softcap, 30);
  EXPECT_EQ(c->residual_weight, 0.25f);
  EXPECT_EQ(c->norm_eps, 1e-5f);
  EXPECT_EQ(c->n_channels, (std::array<int, 2>{16, 8}));
}

TEST(AudioConfig, OfACheckpointWithoutLayers) {
  const auto c = parse_audio_config(
      R"({"audio_config": {"model_type": "gemma4_unified_audio", "audio_embed_dim": 640}})", "test.json");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->n_layers, 0);
  EXPECT_EQ(c->n_in, 640);
}

TEST(AudioConfig, WhatCannotBeIsRefused) {
  expect_audio_refused([] { read_audio(audio_file().set("clip.audio.projector_type", "whisper")); }, "\"whisper\"");
  expect_audio_refused([] { read_audio(audio_file().remove("clip.audio.embedding_length")); },
                       "embedding_length is missing");
  expect_audio_refused([] { read_audio(audio_file().set("clip.audio.block_count", uint32_t{0})); },
                       "number of layers is 0");
  expect_audio_refused([] { read_audio(audio_file().set("clip.audio.attention.head_count", uint32_t{0})); },
                       "heads is 0");
  expect_audio_refused([] { read_audio(audio_file().set("clip.audio.attention.head_count", uint32_t{3})); },
                       "shared by 3 heads");
  expect_audio_refused([] { read_audio(audio_file().set("clip.audio.feed_forward_length", uint32_t{1} << 30)); },
                       "feed-forward");
  expect_audio_refused([] { read_audio(audio_file().set("clip.audio.num_mel_bins", uint32_t{4096})); },
                       "rows of 4096, expected 128");
  expect_audio_refused([] { read_audio(audio_file().remove_tensor("a.conv1d.1.weight")); },
                       "a.conv1d.1.weight is missing");
  const auto parse = [](const char* fields) {
    return [fields] { parse_audio_config(fmt::format("{{\"audio_config\": {{{}}}}}", fields), "test.json"); };
  };
  expect_audio_refused(parse(R"("model_type": "gemma4_unified_audio", "audio_embed_dim": 320)"), "rows of 320");
  expect_audio_refused(parse(R"("model_type": "other")"), "model_type");
  expect_audio_refused(parse(R"("attention_context_right": 2)"), "attention_context_right");
  expect_audio_refused(parse(R"("attention_context_left": 1)"), "visible positions is 0");
  expect_audio_refused(parse(R"("hidden_act": "gelu")"), "hidden_act");
  expect_audio_refused(parse(R"("subsampling_conv_channels": [128])"), "subsampling_conv_channels");
  expect_audio_refused(parse(R"("subsampling_conv_channels": [128, "x"])"), "subsampling_conv_channels");
  expect_audio_refused(parse(R"("rms_norm_eps": 0)"), "epsilon");
}

}  // namespace
}  // namespace facet::model
