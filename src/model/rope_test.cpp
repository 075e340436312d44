// Rotary tables at the far end of the longest contexts.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/test_data.h"
#include "model/block.h"
#include "ops/ref/ref_ops.h"
#include "safetensors/reader.h"

namespace facet::model {
namespace {

struct Model {
  explicit Model(const std::string& folder)
      : config(read_config(folder)),
        weights(bind_weights(config, make_tensor_source(safetensors::File::open_folder(folder)))),
        layout(config, ops::KvType::F32, 64),
        scratch(config, kRows) {}

  static constexpr int kRows = 8;
  Config config;
  Weights weights;
  KvLayout layout;
  Scratch scratch;
};

int head_dim(const Config& config, bool local) {
  for (const LayerConfig& l : config.layers)
    if (l.is_local == local) return l.head_dim;
  return 0;
}

// The largest relative error of an angle, in f32 as the official implementation computes it: one unit in the last place
// for the power, half a unit for each of its reciprocal, the division by the factor and the product with the position.
constexpr double kAngleError = 2.5 * 0x1p-23;

void expect_exact(const RopeConfig& rope, int head_dim, const std::vector<float>& freqs, std::span<const int> positions,
                  ops::Mat cos, ops::Mat sin) {
  for (size_t r = 0; r < positions.size(); ++r)
    for (size_t i = 0; i < freqs.size(); ++i) {
      const std::string where = "position " + std::to_string(positions[r]) + ", pair " + std::to_string(i);
      const float c = cos.data[r * freqs.size() + i], s = sin.data[r * freqs.size() + i];
      // The angle is rounded to f32; its cosine and sine are not worse than that makes them.
      const float angle = static_cast<float>(positions[r]) * freqs[i];
      EXPECT_EQ(c, static_cast<float>(std::cos(double{angle}))) << where;
      EXPECT_EQ(s, static_cast<float>(std::sin(double{angle}))) << where;
      const double exact = positions[r] / rope.factor * std::pow(rope.base, -2.0 * static_cast<double>(i) / head_dim);
      const double bound = kAngleError * exact + 0x1p-24;
      EXPECT_NEAR(c, std::cos(exact), bound) << where;
      EXPECT_NEAR(s, std::sin(exact), bound) << where;
    }
}

TEST(Rope, IsExactAtTheEndOfTheLongestContexts) {
  const std::vector<int> positions = {0, 1, 511, 4095, 131071, 262143};
  const std::vector<int32_t> tokens(positions.size(), 2);
  ops::ref::Ops op;
  for (const char* name : {"tiny-e2b", "tiny-e4b", "tiny-26b", "tiny-31b", "tiny-12b", "tiny-gemma3"}) {
    const std::string folder = golden_path("checkpoints/" + std::string(name));
    SKIP_WITHOUT_GOLDENS();
    SCOPED_TRACE(name);
    Model m(folder);
    const Rows rows{tokens, positions, {}, {}};
    rope_tables(Context{op, m.config, m.weights, m.layout, m.scratch, rows});
    expect_exact(m.config.local_rope, head_dim(m.config, true), m.weights.local_freqs, positions, m.scratch.local_cos,
                 m.scratch.local_sin);
    expect_exact(m.config.global_rope, head_dim(m.config, false), m.weights.global_freqs, positions,
                 m.scratch.global_cos, m.scratch.global_sin);
  }
}

}  // namespace
}  // namespace facet::model
