// Ops that work row by row, on the CPU against the reference.
#include <numeric>

#include "ops/backends_test.h"
#include "quant/test_blocks.h"

namespace facet::ops {
namespace {

using quant::BlockType;

class RowsTest : public BackendTest {
 protected:
  // Enough rows and columns for several tasks, and few enough for one.
  template <class Check>
  void for_shapes(Check&& check) {
    for (const int rows : {1, 3, 70})
      for (const int cols : {1, 6, 33, 640}) {
        check(rows, cols);
        if (HasFailure()) return;
      }
  }
  std::vector<float> weights(int n) {
    std::vector<float> w(static_cast<size_t>(n));
    for (float& v : w) v = std::normal_distribution<float>(1, 0.5f)(rng);
    return w;
  }
};

// A sum of squares within (n + 8) roundings, halved by the root, and five more roundings.
double norm_error(int n) { return ((n + 8) / 2.0 + 5) * kUlp; }

TEST_P(RowsTest, Embed) {
  for (const BlockType type : {BlockType::F32, BlockType::BF16, BlockType::Q4_0, BlockType::Q6_K}) {
    const int n = 512, n_vocabulary = 20;
    std::vector<std::byte> blocks(quant::row_bytes(type, n) * n_vocabulary);
    quant::fill_blocks(type, blocks, rng);
    const Weight table{blocks.data(), type, n, n_vocabulary, 1.5f};
    const std::vector<int32_t> ids{3, 19, 0, 3, 7};
    for (const auto& [first, cols] : {std::pair{0, n}, {37, 100}, {256, 256}, {511, 1}})
      compare(
          Matrix(5, cols), [&, first = first](Ops& op, Matrix& out) { op.embed(out, ids, table, first, 39.19f); },
          [&, first = first](int r, int c) {  // two products in either order
            std::vector<float> row(n);
            quant::decode_row(type, table.rows(ids[static_cast<size_t>(r)], 1).data, row.data(), row.size());
            return 4 * kUlp * std::abs(row[static_cast<size_t>(first + c)]) * 1.5 * 39.19;
          });
  }
}

TEST_P(RowsTest, RmsNorm) {
  for_shapes([&](int rows, int cols) {
    const Matrix x(rows, cols, rng);
    const auto w = weights(cols);
    for (const Vec weight : {Vec(w), Vec()}) {
      Matrix expected(rows, cols);
      ref.rms_norm(expected, x, weight, 1e-6f);
      const auto bound = [&](int r, int c) { return norm_error(cols) * std::abs(expected.at(r, c)); };
      compare(
          Matrix(rows, cols), [&](Ops& op, Matrix& out) { op.rms_norm(out, x, weight, 1e-6f); }, bound);
      compare(
          x, [&](Ops& op, Matrix& out) { op.rms_norm(out, out, weight, 1e-6f); }, bound);
    }
  });
}

TEST_P(RowsTest, AddRmsNorm) {
  for_shapes([&](int rows, int cols) {
    const Matrix x(rows, cols, rng), y(rows, cols, rng);
    const auto w = weights(cols);
    Matrix norm(rows, cols);
    ref.rms_norm(norm, y, w, 1e-6f);
    compare(
        x,
        [&](Ops& op, Matrix& out) {
          Matrix scratch = y;
          op.add_rms_norm(out, scratch, w, 1e-6f);
        },
        [&](int r, int c) { return (norm_error(cols) + 2 * kUlp) * std::abs(norm.at(r, c)); });
  });
}

TEST_P(RowsTest, GeluMul) {
  for_shapes([&](int rows, int cols) {
    const Matrix gate(rows, cols, rng), up(rows, cols, rng);
    const auto bound = [&](int r, int c) {
      // As in the kernels' test: the exponent's roundings weigh its size. The reference cancels 1 + tanh in double.
      const double x = gate.at(r, c), a = -2 * 0.7978845608028654 * (x + 0.044715 * x * x * x), e = std::exp(a);
      const double relative =
          std::min(1.0, e) * (std::min(std::abs(a), 88.0) * 8 * kUlp + kernels::kExpError) + 5 * kUlp;
      return (std::abs(x / (1 + e)) * relative + std::abs(x) * 0x1p-50) * std::abs(up.at(r, c));
    };
    compare(
        Matrix(rows, cols), [&](Ops& op, Matrix& out) { op.gelu_mul(out, gate, up); }, bound);
    compare(
        gate, [&](Ops& op, Matrix& out) { op.gelu_mul(out, out, up); }, bound);
  });
}

TEST_P(RowsTest, RopeRotatesTheFirstPairsOfEveryHead) {
  const int head_dim = 64, n_heads = 3;
  for (const int n_pairs : {32, 8})
    for (const int rows : {1, 40}) {
      const Matrix x(rows, head_dim * n_heads, rng);
      Matrix cos(rows, n_pairs), sin(rows, n_pairs);
      for (int r = 0; r < rows; ++r)
        for (int i = 0; i < n_pairs; ++i) {
          cos.row(r)[i] = std::cos(static_cast<float>(r * 31 + i));
          sin.row(r)[i] = std::sin(static_cast<float>(r * 31 + i));
        }
      compare(
          x, [&](Ops& op, Matrix& out) { op.rope(out, head_dim, std::as_const(cos), std::as_const(sin)); },
          [&](int r, int c) {
            const int i = c % head_dim % (head_dim / 2), first = c / head_dim * head_dim + i;
            if (i >= n_pairs) return 0.0;
            return 3 * kUlp * (std::abs(x.at(r, first)) + std::abs(x.at(r, first + head_dim / 2)));
          });
    }
}

TEST_P(RowsTest, ElementwiseIsExact) {
  for_shapes([&](int rows, int cols) {
    const Matrix x(rows, cols, rng), y(rows, cols, rng);
    const auto w = weights(cols);
    compare_exact(x, [&](Ops& op, Matrix& out) { op.add(out, y); });
    compare_exact(x, [&](Ops& op, Matrix& out) { op.scale(out, 0.3f); });
    compare_exact(x, [&](Ops& op, Matrix& out) { op.scale_cols(out, y, w); });
    compare_exact(x, [&](Ops& op, Matrix& out) { op.scale_cols(out, out, w); });
  });
}

TEST_P(RowsTest, Softcap) {
  for (const int cols : {7, 40000}) {  // one piece, and several
    const Matrix x(2, cols, rng);
    compare(
        x, [](Ops& op, Matrix& out) { op.softcap(out, 15); }, [](int, int) { return 15 * kernels::kSoftcapError; });
  }
}

TEST_P(RowsTest, CopyRowsAlsoInPlace) {
  const Matrix x(9, 33, rng);
  const std::vector<int> rows{0, 3, 4, 8};
  compare_exact(Matrix(9, 33), [&](Ops& op, Matrix& out) { op.copy(out, x); });
  compare_exact(Matrix(4, 33), [&](Ops& op, Matrix& out) { op.copy_rows(out, x, rows); });
  compare_exact(x, [&](Ops& op, Matrix& out) { op.copy_rows(out.mat().rows(0, 4), out, rows); });
}

TEST_P(RowsTest, RouteChoosesTheBestInOrder) {
  const int rows = 5, n_experts = 37, n_used = 4;
  const Matrix logits(rows, n_experts, rng);
  std::vector<float> scales(n_experts);
  for (float& s : scales) s = 0.5f + static_cast<float>(rng() % 100) / 100;
  for (const Vec scale : {Vec(scales), Vec()}) {
    std::vector<int> index[3];
    std::vector<float> weight[3];
    Matrix p[3] = {logits, logits, logits};
    Ops* const backends[] = {&ref, &cpu, &cpu3};
    for (size_t b = 0; b < 3; ++b) {
      index[b].resize(rows * n_used);
      weight[b].resize(rows * n_used);
      backends[b]->route({index[b].data(), weight[b].data(), rows, n_used}, p[b], scale);
    }
    EXPECT_EQ(index[0], index[1]);
    EXPECT_EQ(index[1], index[2]);
    EXPECT_EQ(weight[1], weight[2]);
    // exp twice (numerator, sum), the sum's roundings, a division, a product.
    const double relative = 2 * kernels::kExpError + (n_experts + 6) * kUlp;
    for (size_t i = 0; i < weight[0].size(); ++i) EXPECT_NEAR(weight[1][i], weight[0][i], 2 * relative * weight[0][i]);
    for (int r = 0; r < rows; ++r)
      for (int e = 0; e < n_experts; ++e) EXPECT_NEAR(p[1].at(r, e), p[0].at(r, e), relative * p[0].at(r, e) + 1e-38);
  }
}

TEST_P(RowsTest, RouteTakesTheLowerIndexOfEqualOnes) {
  Matrix logits(1, 20);
  for (int e = 0; e < 20; ++e) logits.row(0)[e] = e % 5 == 3 ? 1.0f : 0.0f;  // 3, 8, 13, 18
  for (Ops* op : {static_cast<Ops*>(&ref), static_cast<Ops*>(&cpu)}) {
    std::vector<int> index(6);
    std::vector<float> weight(6);
    Matrix p = logits;
    op->route({index.data(), weight.data(), 1, 6}, p, {});
    EXPECT_EQ(index, (std::vector<int>{3, 8, 13, 18, 0, 1}));
  }
}

FACET_EVERY_ISA(RowsTest);

}  // namespace
}  // namespace facet::ops
