// The ops of the encoders of pictures and sound, on the CPU against the reference.
#include "ops/backends_test.h"

namespace facet::ops {
namespace {

class EncoderOpsTest : public BackendTest {
 protected:
  std::vector<float> random_row(int n) {
    std::vector<float> row(static_cast<size_t>(n));
    for (float& v : row) v = std::normal_distribution<float>()(rng);
    return row;
  }
};

// A sigmoid of x: an exponential, whose argument is exact, a sum and a division.
double sigmoid_error() { return kernels::kExpError + 3 * kUlp; }

TEST_P(EncoderOpsTest, RopeOfTwoDimensionsIsRopeOfEachHalf) {
  const int head_dim = 24, n_heads = 3, rows = 40;
  const Matrix x(rows, head_dim * n_heads, rng);
  Matrix cos(rows, head_dim / 2), sin(rows, head_dim / 2);
  for (int r = 0; r < rows; ++r)
    for (int i = 0; i < head_dim / 2; ++i) {
      cos.row(r)[i] = std::cos(static_cast<float>(r * 31 + i));
      sin.row(r)[i] = std::sin(static_cast<float>(r * 31 + i));
    }
  compare(
      x, [&](Ops& op, Matrix& out) { op.rope_2d(out, head_dim, std::as_const(cos), std::as_const(sin)); },
      [&](int r, int c) {
        const int quarter = head_dim / 4, first = c - c % (2 * quarter) + c % quarter;
        return 3 * kUlp * (std::abs(x.at(r, first)) + std::abs(x.at(r, first + quarter)));
      });

  // Written out for one pair: the second half of head 1 turns by angles 6 .. 11.
  Matrix y = x;
  ref.rope_2d(y, head_dim, std::as_const(cos), std::as_const(sin));
  const int a = head_dim + 12 + 2, b = a + 6;
  EXPECT_FLOAT_EQ(y.at(7, a), x.at(7, a) * cos.at(7, 8) - x.at(7, b) * sin.at(7, 8));
}

TEST_P(EncoderOpsTest, ElementwiseIsExact) {
  for (const int rows : {1, 70}) {
    const Matrix x(rows, 33, rng);
    const auto row = random_row(33);
    compare_exact(Matrix(rows, 33), [&](Ops& op, Matrix& out) { op.clamp(out, x, -0.5f, 0.75f); });
    compare_exact(x, [&](Ops& op, Matrix& out) { op.clamp(out, out, -INFINITY, 0.75f); });
    compare_exact(x, [&](Ops& op, Matrix& out) { op.add_row(out, row); });
    compare_exact(x, [&](Ops& op, Matrix& out) { op.relu(out); });
  }
}

TEST_P(EncoderOpsTest, LayerNorm) {
  const int rows = 40, cols = 96;
  Matrix x(rows, cols, rng);
  for (int c = 0; c < cols; ++c) x.row(3)[c] += 100;  // a mean that is large beside what varies
  const auto w = random_row(cols), b = random_row(cols);
  for (const Vec bias : {Vec(b), Vec()})
    compare(
        x, [&](Ops& op, Matrix& out) { op.layer_norm(out, out, w, bias, 1e-5f); },
        [&](int r, int c) {
          // A sum of numbers as large as the deviation is off by (n + 8) roundings of it: that of what the mean leaves,
          // and relatively that of the squares, which the root halves; six more roundings.
          double mean = 0, variance = 0;
          for (int i = 0; i < cols; ++i) mean += x.at(r, i) / cols;
          for (int i = 0; i < cols; ++i) variance += (x.at(r, i) - mean) * (x.at(r, i) - mean) / cols;
          const double scale = std::abs(w[static_cast<size_t>(c)]), n = cols + 8;
          const double normed = std::abs(x.at(r, c) - mean) / std::sqrt(variance);
          return kUlp * (n * scale + (n / 2 + 6) * normed * scale +
                         (bias.empty() ? 0 : std::abs(bias[static_cast<size_t>(c)])));
        });
}

TEST_P(EncoderOpsTest, SiluAndGlu) {
  const Matrix a(40, 70, rng), b(40, 70, rng);
  compare(
      a, [](Ops& op, Matrix& out) { op.silu(out); },
      [&](int r, int c) { return sigmoid_error() * std::abs(a.at(r, c)); });
  compare(
      a, [&](Ops& op, Matrix& out) { op.glu(out, out, b); },
      [&](int r, int c) { return sigmoid_error() * std::abs(a.at(r, c)); });
}

TEST_P(EncoderOpsTest, PoolIsTheMeanOfASquare) {
  const int grid_rows = 6, grid_cols = 9;
  const Matrix x(grid_rows * grid_cols, 40, rng);
  compare(
      Matrix(6, 40), [&](Ops& op, Matrix& out) { op.pool(out, x, grid_cols, 3, 27.7f); },
      [&](int r, int c) {
        double size = 0;
        for (int i = 0; i < 9; ++i) size += std::abs(x.at((r / 3 * 3 + i / 3) * grid_cols + r % 3 * 3 + i % 3, c));
        return 11 * kUlp * size / 9 * 27.7;
      });
}

TEST_P(EncoderOpsTest, DepthwiseConvolutionLooksBackOnly) {
  const Matrix w(5, 40, rng);
  for (const int rows : {1, 3, 60}) {
    const Matrix x(rows, 40, rng);
    compare(
        Matrix(rows, 40), [&](Ops& op, Matrix& out) { op.depthwise_conv(out, x, w); },
        [&](int r, int c) {
          double size = 0;
          for (int j = 0; j < 5; ++j) size += r - 4 + j < 0 ? 0 : std::abs(w.at(j, c) * x.at(r - 4 + j, c));
          return product_bound(5, size);
        });
  }
  Matrix x(6, 1), y(6, 1), late(5, 1);  // the last tap meets the row itself
  x.row(2)[0] = 1;
  for (int j = 0; j < 5; ++j) late.row(j)[0] = static_cast<float>(j);
  ref.depthwise_conv(y, std::as_const(x), std::as_const(late));
  EXPECT_EQ(y.at(1, 0), 0);
  EXPECT_EQ(y.at(2, 0), 4);
  EXPECT_EQ(y.at(5, 0), 1);
}

TEST_P(EncoderOpsTest, Convolution) {
  cpu::Ops exact(one, *GetParam().kernels, Activations::F32), exact3(three, *GetParam().kernels, Activations::F32);
  for (const int n_channels :
       {1, 8, 64})  // the last: weights in more pieces than one, as n_out are more than a panel's
    for (const int n_times : {1, 2, 41}) {
      const int n_freqs = n_times % 2 == 0 ? 20 : 21, n_out = 70, n_in = 9 * n_channels;
      const Matrix x(n_times, n_freqs * n_channels, rng);
      const auto w = random_row(n_out * n_in);
      const Weight weight{reinterpret_cast<const std::byte*>(w.data()), quant::BlockType::F32, n_in, n_out};
      Matrix expected((n_times + 1) / 2, (n_freqs + 1) / 2 * n_out), got = expected, got3 = expected;
      ref.conv_2d(expected, x, n_channels, weight);
      exact.conv_2d(got, x, n_channels, weight);
      exact3.conv_2d(got3, x, n_channels, weight);
      EXPECT_TRUE(got == got3);
      // What the products add up to without their signs.
      Matrix sizes = expected, positive = x;
      std::vector<float> positive_w = w;
      for (int r = 0; r < x.rows(); ++r)
        for (int c = 0; c < x.cols(); ++c) positive.row(r)[c] = std::abs(x.at(r, c));
      for (float& v : positive_w) v = std::abs(v);
      const Matrix& magnitudes = positive;
      ref.conv_2d(sizes, magnitudes, n_channels,
                  {reinterpret_cast<const std::byte*>(positive_w.data()), quant::BlockType::F32, n_in, n_out});
      for (int r = 0; r < got.rows(); ++r)
        for (int c = 0; c < got.cols(); ++c)
          ASSERT_NEAR(got.at(r, c), expected.at(r, c), product_bound(n_in, sizes.at(r, c)));
    }
}

TEST_P(EncoderOpsTest, ConvolutionPadsWithZerosAndStridesByTwo) {
  Matrix x(3, 4 * 2);  // three times, four frequencies, two channels
  for (int t = 0; t < 3; ++t)
    for (int i = 0; i < 8; ++i) x.row(t)[i] = static_cast<float>(100 * t + 10 * (i / 2) + i % 2);
  std::vector<float> w(18);
  w[0 * 6 + 1 * 2 + 0] = 1;     // a time before, the same frequency, channel 0
  w[1 * 6 + 2 * 2 + 1] = 1000;  // the same time, a frequency after, channel 1
  const Weight weight{reinterpret_cast<const std::byte*>(w.data()), quant::BlockType::F32, 18, 1};
  Matrix y(2, 2);
  ref.conv_2d(y, std::as_const(x), 2, weight);
  EXPECT_EQ(y.at(0, 0), 11 * 1000);         // nothing stands before time 0
  EXPECT_EQ(y.at(1, 0), 100 + 211 * 1000);  // output 1 is centred on time 2
  EXPECT_EQ(y.at(1, 1), 120 + 231 * 1000);
}

TEST_P(EncoderOpsTest, LocalAttention) {
  const int n_heads = 3, n = 16;
  for (const auto& [rows, n_distances] : {std::pair(1, 12), {5, 12}, {50, 12}, {100, 70}}) {
    const int n_seen = n_distances;  // a lambda may not capture a binding
    const Matrix distance(n_seen, n_heads * n, rng), q(rows, n_heads * n, rng), k(rows, n_heads * n, rng, 5),
        v(rows, n_heads * n, rng);
    compare(
        Matrix(rows, n_heads * n),
        [&](Ops& op, Matrix& out) {
          op.local_attention(out, q, k, v, distance, {n_heads, 50});
        },
        [&](int r, int c) {
          // A score's error moves its weight by as much, relatively; the values' largest bounds what a weight moves.
          double error = 0, largest = 0;
          for (int d = 0; d < n_seen && d <= r; ++d) {
            double size = 0;
            for (int i = c / n * n; i < c / n * n + n; ++i)
              size += std::abs(q.at(r, i)) * (std::abs(k.at(r - d, i)) + std::abs(distance.at(d, i)));
            error = std::max(error, product_bound(n + 1, size) + 50 * kernels::kSoftcapError);
            largest = std::max(largest, std::abs(double{v.at(r - d, c)}));
          }
          return (4 * error + 4 * kernels::kExpError + (n_seen + 8) * 2 * kUlp) * largest;
        });
  }
  // One row sees itself alone.
  const Matrix q(1, n_heads * n, rng), v(1, n_heads * n, rng), distance(12, n_heads * n, rng);
  Matrix out(1, n_heads * n);
  ref.local_attention(out, q, q, v, distance, {n_heads, 50});
  for (int i = 0; i < n_heads * n; ++i) EXPECT_FLOAT_EQ(out.at(0, i), v.at(0, i));
}

FACET_EVERY_ISA(EncoderOpsTest);

}  // namespace
}  // namespace facet::ops
