// The encoder of sound on the CPU backend against the reference, on small random weights.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/kernels.h"
#include "model/audio.h"
#include "model/audio_test_model.h"
#include "ops/cpu/cpu_ops.h"
#include "ops/ref/ref_ops.h"

namespace facet::model {
namespace {

class AudioBackendsTest : public testing::Test {
 protected:
  // Norms keep rows at a size of about one, and each of some thirty products in a row adds at most (n + 8) * 2^-24 of
  // it, n <= 64: together 1.3e-4 if all of them pull one way.
  static constexpr float kTolerance = 1.3e-4f;

  void compare(const AudioTestSizes& sizes, int n_rows) {
    const std::string bytes = audio_file(sizes).bytes();
    auto file = gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf");
    const AudioConfig config = *read_audio_config(file);
    const auto source = make_tensor_source(std::move(file));
    const AudioWeights weights = bind_audio_weights(config, *source, sizes.n_text);
    std::vector<float> x(static_cast<size_t>(n_rows) * static_cast<size_t>(config.n_in));
    for (float& v : x) v = normal(rng);
    const int n = config.n_soft_tokens(n_rows);
    const auto encode = [&](ops::Ops& op) {
      AudioScratch scratch;
      std::vector<float> out(static_cast<size_t>(n) * static_cast<size_t>(sizes.n_text), NAN);
      encode_audio(op, config, weights, ops::ConstMat(x.data(), n_rows, config.n_in), {out.data(), n, sizes.n_text},
                   scratch);
      return out;
    };
    const auto expected = encode(ref), found = encode(cpu);
    float largest = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(found[i], expected[i], kTolerance) << i;
      largest = std::max(largest, std::abs(expected[i]));
    }
    EXPECT_GT(largest, 100 * kTolerance);  // or the comparison says little
    EXPECT_EQ(encode(cpu3), found);
  }

  std::mt19937 rng{7};
  std::normal_distribution<float> normal;
  ops::ref::Ops ref;
  ThreadPool one{1}, three{3};
  ops::cpu::Ops cpu{one, kernels::choose(), ops::Activations::F32},
      cpu3{three, kernels::choose(), ops::Activations::F32};
};

TEST_F(AudioBackendsTest, Agree) {
  for (const int n_rows : {1, 4, 5, 127, 300}) compare({}, n_rows);
}

TEST_F(AudioBackendsTest, AgreeWithoutLayers) { compare(without_layers(), 9); }

}  // namespace
}  // namespace facet::model
