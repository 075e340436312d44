// The encoder of sound on small random weights. That backends agree: tests/; that it is the official encoder is proven
// by the golden cases.
#include "model/audio.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"
#include "model/audio_test_model.h"
#include "ops/dump_ops.h"
#include "ops/ref/ref_ops.h"

namespace facet::model {
namespace {

class AudioTest : public testing::Test {
 protected:
  void load(const AudioTestSizes& sizes) {
    bytes_ = audio_file(sizes).bytes();
    auto file = gguf::File::parse(std::as_bytes(std::span(bytes_)), "test.gguf");
    config = *read_audio_config(file);
    source_ = make_tensor_source(std::move(file));
    weights = bind_audio_weights(config, *source_, sizes.n_text);
    n_text_ = sizes.n_text;
  }

  std::vector<float> random_rows(int n) const {
    std::mt19937 rng(7);
    std::normal_distribution<float> normal;
    std::vector<float> x(static_cast<size_t>(n) * static_cast<size_t>(config.n_in));
    for (float& v : x) v = normal(rng);
    return x;
  }

  // The first n_rows of x.
  std::vector<float> encode(ops::Ops& op, const std::vector<float>& x, int n_rows) {
    const int n = config.n_soft_tokens(n_rows);
    std::vector<float> out(static_cast<size_t>(n) * static_cast<size_t>(n_text_), NAN);
    encode_audio(op, config, weights, ops::ConstMat(x.data(), n_rows, config.n_in), {out.data(), n, n_text_}, scratch);
    return out;
  }

  AudioConfig config;
  AudioWeights weights;
  AudioScratch scratch;
  ops::ref::Ops ref;

 private:
  std::string bytes_;
  std::unique_ptr<TensorSource> source_;
  int n_text_ = 0;
};

// Convolutions run over a few tokens at a time; the whole clip at once gives the same bits.
TEST_F(AudioTest, SubsamplingDoesNotDependOnWhereItIsCut) {
  load({});
  const int n_rows = 4 * 70 + 1;
  const auto x = random_rows(n_rows);
  ops::Dump dump;
  ops::DumpOps op(std::make_unique<ops::ref::Ops>(), dump);
  encode(op, x, n_rows);

  std::vector<float> half(141 * 64 * 8), quarter(71 * 32 * 4), projected(71 * 32);
  const ops::Mat h(half.data(), 141, 512), q(quarter.data(), 71, 128), p(projected.data(), 71, 32);
  const auto convolve = [&](ops::Mat out, ops::ConstMat in, const AudioConvWeights& w) {
    ref.conv_2d(out, in, w.n_in, w.weight());
    ref.layer_norm(out.split(w.n_out), out.split(w.n_out), w.norm, {}, config.norm_eps);
    ref.relu(out);
  };
  convolve(h, ops::ConstMat(x.data(), n_rows, config.n_in), weights.conv[0]);
  convolve(q, h, weights.conv[1]);
  ref.linear(p, q, weights.input_projection);
  EXPECT_EQ(dump.at("subsampled").values, projected);
}

// Attention and convolutions of the layers look back, those before them one row ahead besides: sound to come changes
// nothing of what has been heard, but of the last tokens.
TEST_F(AudioTest, TokensDoNotDependOnWhatFollows) {
  load({});
  const auto x = random_rows(240);
  const auto whole = encode(ref, x, 240), start = encode(ref, x, 160);
  ASSERT_EQ(start.size(), 40u * 24u);
  for (size_t i = 0; i < 39 * 24; ++i) ASSERT_EQ(start[i], whole[i]) << i;
}

TEST_F(AudioTest, ScratchCountsWhatItTakes) {
  load({});
  EXPECT_GT(AudioScratch::count_bytes(config, 300), 75 * sizeof(float) * (128 + 3 * 32 + 48));
  EXPECT_LT(AudioScratch::count_bytes(config, 300), AudioScratch::count_bytes(config, 3000));
}

TEST_F(AudioTest, StopsWhenAsked) {
  load({});
  const auto x = random_rows(20);
  std::vector<float> out(5 * 24);
  const std::atomic<bool> stop{true};
  EXPECT_THROW(
      encode_audio(ref, config, weights, ops::ConstMat(x.data(), 20, config.n_in), {out.data(), 5, 24}, scratch, &stop),
      CancelledError);
}

TEST_F(AudioTest, IntermediatesHaveTheNamesOfGoldenFiles) {
  load({});
  ops::Dump dump;
  ops::DumpOps op(std::make_unique<ops::ref::Ops>(), dump);
  encode(op, random_rows(20), 20);
  for (const char* name : {"subsampled", "audio_layer.0.ff1_out", "audio_layer.0.attn_out", "audio_layer.1.conv_out",
                           "audio_layer.1.out", "tower_out", "projected"})
    EXPECT_EQ(dump.count(name), 1u) << name;
}

}  // namespace
}  // namespace facet::model
