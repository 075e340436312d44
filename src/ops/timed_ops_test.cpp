// The timing decorator: what it counts, and that it changes nothing.
#include "ops/timed_ops.h"

#include "ops/backends_test.h"

namespace facet::ops {
namespace {

class TimedOpsTest : public testing::Test {
 protected:
  std::mt19937 rng{5};
  OpTimes times;
  ThreadPool one{1};
  TimedOps op{std::make_unique<cpu::Ops>(one, kernels::choose()), times};
};

TEST_F(TimedOpsTest, CountsProductsByTheTypeOfTheirWeights) {
  const std::vector<float> values(64 * 3, 0.5f);
  const Weight w{reinterpret_cast<const std::byte*>(values.data()), quant::BlockType::F32, 64, 3, 1};
  const Matrix x(5, 64, rng);
  Matrix y(5, 3), plain(5, 3);
  op.linear(y, x, w);
  op.linear(y, x, w);
  cpu::Ops(one, kernels::choose()).linear(plain, x, w);
  EXPECT_TRUE(y == plain);
  ASSERT_EQ(times.size(), 1u);
  const OpTime& t = times.at("linear f32");
  EXPECT_EQ(t.n_calls, 2);
  EXPECT_GT(t.seconds, 0);
  EXPECT_EQ(t.bytes, 2 * 64 * 3 * 4);
  EXPECT_EQ(t.flops, 2 * 2 * 64 * 3 * 5);
}

TEST_F(TimedOpsTest, CountsAnExpertOnceHoweverManyRowsUseIt) {
  constexpr int kIn = 32, kFf = 64, kExperts = 3;
  const std::vector<float> values(kExperts * 2 * kFf * kIn, 0.1f);
  const auto stack = [&](int n_in, int n_out) {
    return ExpertWeight{
        {reinterpret_cast<const std::byte*>(values.data()), quant::BlockType::F32, n_in, n_out, 1}, kExperts, {}};
  };
  std::vector<int> index{0, 2, 2, 2};
  std::vector<float> weight(4, 1.0f);
  const Matrix x(4, kIn, rng);
  Matrix y(4, kIn);
  op.experts(y, x, {index.data(), weight.data(), 4, 1}, stack(kIn, 2 * kFf), {}, stack(kFf, kIn));
  const OpTime& t = times.at("experts f32");
  EXPECT_EQ(t.bytes, 2 * (2 * kFf * kIn + kIn * kFf) * 4);
  EXPECT_EQ(t.flops, 4 * 2.0 * (2 * kFf * kIn + kIn * kFf));
}

TEST_F(TimedOpsTest, CountsTheKeysThatRowsSee) {
  constexpr int kHeads = 2, kDim = 32;
  std::vector<std::byte> page(size_t{2} * kHeads * kPageTokens * kDim * sizeof(float));
  std::byte* pages[] = {page.data()};
  const KvView kv{pages, kPageTokens, KvType::F32, kHeads, kDim, 0, page.size() / 2};
  const Matrix q(2, 2 * kHeads * kDim, rng);
  Matrix y(2, q.cols());
  const std::vector<int> positions{9, 10};
  const auto expect = [&](int window, int n_keys, int n_scores) {
    times.clear();
    op.attention(y, q, kv, {positions, window, 1, {}});
    const OpTime& t = times.at("attention");
    EXPECT_EQ(t.bytes, 2.0 * n_keys * kHeads * kDim * 4) << window;
    EXPECT_EQ(t.flops, 4.0 * n_scores * q.cols()) << window;
  };
  expect(0, 11, 10 + 11);
  expect(4, 5, 4 + 4);
}

}  // namespace
}  // namespace facet::ops
