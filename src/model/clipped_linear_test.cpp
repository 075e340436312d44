#include "model/clipped_linear.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/test_model.h"
#include "ops/ref/ref_ops.h"

namespace facet::model {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// y = 2 x with the limits that are given.
gguf::TestFile doubling(std::initializer_list<std::pair<const char*, float>> limits) {
  gguf::TestFile f;
  f.value("general.architecture", "clip");
  f.tensor("m.weight", {1, 1}, quant::BlockType::F32, gguf::TestFile::f32({2}));
  for (const auto& [name, value] : limits) test_model::add_vector(f, std::string("m.") + name, 1, value);
  return f;
}

ClippedWeight bind(const std::string& bytes, std::unique_ptr<TensorSource>& source) {
  source = make_tensor_source(gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf"));
  return Binder(*source).clipped("m", 1, 1);
}

std::vector<float> run(const ClippedWeight& w, std::vector<float> x) {
  const int n = static_cast<int>(x.size());
  std::vector<float> out(x.size()), scratch(x.size());
  const std::vector<float> before = x;
  ops::ref::Ops op;
  clipped_linear(op, {out.data(), n, 1}, ops::ConstMat(x.data(), n, 1), w, {scratch.data(), n, 1});
  EXPECT_EQ(x, before);  // others read the same input within their own limits
  return out;
}

TEST(ClippedLinear, LimitsInputsAndOutputs) {
  std::unique_ptr<TensorSource> source;
  const std::string bytes =
      doubling({{"input_min", -1}, {"input_max", 3}, {"output_min", -1.5f}, {"output_max", 5}}).bytes();
  EXPECT_EQ(run(bind(bytes, source), {-9, -0.5f, 1, 9}), (std::vector<float>{-1.5f, -1, 2, 5}));
}

TEST(ClippedLinear, AMissingOrInfiniteLimitDoesNotLimit) {
  std::unique_ptr<TensorSource> source;
  const std::string none = doubling({}).bytes();
  EXPECT_FALSE(bind(none, source).clips_input() || bind(none, source).clips_output());
  EXPECT_EQ(run(bind(none, source), {-1e9f, 1e9f}), (std::vector<float>{-2e9f, 2e9f}));
  const std::string infinite = doubling({{"input_min", -kInfinity}, {"output_max", kInfinity}}).bytes();
  EXPECT_FALSE(bind(infinite, source).clips_input() || bind(infinite, source).clips_output());
  const std::string one = doubling({{"input_max", 1}}).bytes();
  EXPECT_EQ(run(bind(one, source), {-8, 8}), (std::vector<float>{-16, 2}));
}

TEST(ClippedLinear, SeveralOnOneInputHaveLimitsOfTheirOwn) {
  std::unique_ptr<TensorSource> sources[4];
  const std::string bytes[] = {doubling({{"input_max", 1}}).bytes(),
                               doubling({{"input_max", 1}, {"output_max", 1.5f}}).bytes(),
                               doubling({{"input_max", 3}}).bytes(), doubling({}).bytes()};
  ClippedWeight w[4];
  std::vector<float> out[4];
  std::vector<ClippedProjection> projections;
  for (size_t i = 0; i < 4; ++i) {
    w[i] = bind(bytes[i], sources[i]);
    out[i].resize(3);
    projections.push_back({{out[i].data(), 3, 1}, &w[i]});
  }
  const std::vector<float> x{0.5f, 2, 8};
  std::vector<float> scratch(3);
  ops::ref::Ops op;
  clipped_linears(op, projections, ops::ConstMat(x.data(), 3, 1), {scratch.data(), 3, 1});
  EXPECT_EQ(out[0], (std::vector<float>{1, 2, 2}));
  EXPECT_EQ(out[1], (std::vector<float>{1, 1.5f, 1.5f}));
  EXPECT_EQ(out[2], (std::vector<float>{1, 4, 6}));
  EXPECT_EQ(out[3], (std::vector<float>{1, 4, 16}));
}

TEST(ClippedLinear, LimitsThatCannotBe) {
  std::unique_ptr<TensorSource> source;
  const std::string crossed = doubling({{"input_min", 2}, {"input_max", 1}}).bytes();
  EXPECT_THROW(bind(crossed, source), FormatError);
  const std::string nan = doubling({{"output_min", std::numeric_limits<float>::quiet_NaN()}}).bytes();
  EXPECT_THROW(bind(nan, source), FormatError);
}

}  // namespace
}  // namespace facet::model
