// Matrix times vectors and decoding, for every set, every weight format, and shapes around blocks, rows and columns.
#include <algorithm>
#include <cmath>

#include "kernels/kernel_test.h"
#include "quant/test_blocks.h"

namespace facet::kernels {
namespace {

using quant::BlockType;

// Row lengths: around the vectors' width for plain values, around one block and one step of several otherwise.
std::vector<int> lengths(BlockType type) {
  const int block = static_cast<int>(quant::block_info(type).n_elements);
  if (block == 1) return {1, 5, 16, 33, 95, 256};
  if (block == 256) return {256, 512, 1280};
  return {block, 2 * block, 3 * block, 5 * block, 9 * block, 22 * block};
}

class FormatTest : public IsaTest {
 protected:
  // Calls check(type) for every weight format, until one fails.
  template <class Check>
  void for_formats(Check&& check) {
    for (const BlockType type : quant::weight_types()) {
      SCOPED_TRACE(quant::block_info(type).name);
      check(type);
      if (HasFailure()) return;
    }
  }
};

// A matrix and columns to multiply it with, all ending at unreadable pages.
struct Problem {
  BlockType type;
  int n_in, n_rows, n_cols;
  size_t row_bytes, x_stride, prepared_stride;
  Bytes w;
  Floats x, prepared;

  Problem(const Kernels& k, BlockType t, int in, int rows, int cols, std::mt19937& rng)
      : type(t),
        n_in(in),
        n_rows(rows),
        n_cols(cols),
        row_bytes(quant::row_bytes(t, static_cast<size_t>(in))),
        x_stride(static_cast<size_t>(in) + 3),
        prepared_stride(prepared_floats(in)),
        w(row_bytes * static_cast<size_t>(rows)),
        x(x_stride * static_cast<size_t>(cols - 1) + static_cast<size_t>(in)),
        prepared(prepared_stride * static_cast<size_t>(cols)) {
    quant::fill_blocks(type, w.span(), rng);
    fill_normal(x.span(), rng);
    for (int c = 0; c < cols; ++c) k.prepare(column(c), in, prepared.data() + static_cast<size_t>(c) * prepared_stride);
  }

  Columns columns(int first) const {
    return {column(first), x_stride, prepared.data() + static_cast<size_t>(first) * prepared_stride, prepared_stride};
  }
  float* column(int c) const { return x.data() + static_cast<size_t>(c) * x_stride; }

  // y of rows [row, row + rows) and columns [col, col + cols), packed.
  std::vector<float> multiply(const Kernels& k, int row, int rows, int col, int cols) const {
    const size_t stride = static_cast<size_t>(rows);
    Floats y(stride * static_cast<size_t>(cols));
    k.matvec[static_cast<size_t>(type)](w.data() + static_cast<size_t>(row) * row_bytes, row_bytes, n_in, rows,
                                        columns(col), cols, y.data(), stride);
    return {y.begin(), y.end()};
  }
};

// Every element within the bound that kernels.h states.
void expect_product(const Problem& p, const std::vector<float>& y) {
  for (int o = 0; o < p.n_rows; ++o) {
    const auto row = p.w.span().subspan(static_cast<size_t>(o) * p.row_bytes, p.row_bytes);
    const std::vector<float> w = quant::decoded(p.type, row), size = quant::magnitudes(p.type, row);
    for (int c = 0; c < p.n_cols; ++c) {
      double exact = 0, sum = 0;
      for (int i = 0; i < p.n_in; ++i) {
        exact += static_cast<double>(w[static_cast<size_t>(i)]) * p.column(c)[i];
        sum += std::abs(static_cast<double>(size[static_cast<size_t>(i)]) * p.column(c)[i]);
      }
      const float got = y[static_cast<size_t>(c) * static_cast<size_t>(p.n_rows) + static_cast<size_t>(o)];
      ASSERT_NEAR(got, exact, product_bound(p.n_in, sum)) << "row " << o << " column " << c << " of " << p.n_in;
    }
  }
}

TEST_P(FormatTest, ProductsStayWithinTheBound) {
  for_formats([&](BlockType type) {
    for (const int n_in : lengths(type))
      for (const int n_rows : {1, 3, 8, 13})
        for (const int n_cols : {1, 2, 3, 4, 5, 7, 8, 9, 17}) {
          const Problem p(k(), type, n_in, n_rows, n_cols, rng);
          expect_product(p, p.multiply(k(), 0, n_rows, 0, n_cols));
          if (HasFatalFailure()) return;
        }
  });
}

TEST_P(FormatTest, AResultDependsOnItsRowAndColumnAlone) {
  for_formats([&](BlockType type) {
    const Problem p(k(), type, lengths(type).back(), 7, 11, rng);
    const std::vector<float> all = p.multiply(k(), 0, p.n_rows, 0, p.n_cols);
    for (int o = 0; o < p.n_rows; ++o)
      for (int c = 0; c < p.n_cols; ++c)
        expect_same_bits(p.multiply(k(), o, 1, c, 1), std::span(all).subspan(static_cast<size_t>(c * p.n_rows + o), 1));
  });
}

TEST_P(FormatTest, OutputsBetweenTheStridesStay) {
  for_formats([&](BlockType type) {
    const Problem p(k(), type, lengths(type).front(), 3, 5, rng);
    const size_t y_stride = 5;
    std::vector<float> y(y_stride * 5, -7.0f);
    k().matvec[static_cast<size_t>(type)](p.w.data(), p.row_bytes, p.n_in, p.n_rows, p.columns(0), p.n_cols, y.data(),
                                          y_stride);
    for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i] == -7.0f, i % y_stride >= 3) << i;
  });
}

// Files may put their data at any address.
TEST_P(FormatTest, WeightsLieAnywhere) {
  for_formats([&](BlockType type) {
    const int n_in = lengths(type).back();
    const Problem p(k(), type, n_in, 3, 5, rng);
    const std::vector<float> expected = p.multiply(k(), 0, 3, 0, 5);
    Bytes moved(p.w.size() + 1);
    const size_t shift = 1 - reinterpret_cast<uintptr_t>(moved.data()) % 2;  // to an odd address
    std::memcpy(moved.data() + shift, p.w.data(), p.w.size());
    std::vector<float> y(expected.size()), row(static_cast<size_t>(n_in)), moved_row(row);
    k().matvec[static_cast<size_t>(type)](moved.data() + shift, p.row_bytes, n_in, 3, p.columns(0), 5, y.data(), 3);
    expect_same_bits(y, expected);
    k().decode[static_cast<size_t>(type)](p.w.data(), row.data(), n_in);
    k().decode[static_cast<size_t>(type)](moved.data() + shift, moved_row.data(), n_in);
    expect_same_bits(row, moved_row);
  });
}

TEST_P(FormatTest, DecodesToTheBit) {
  for_formats([&](BlockType type) {
    for (const int n : lengths(type)) {
      Bytes blocks(quant::row_bytes(type, static_cast<size_t>(n)));
      Floats y(static_cast<size_t>(n));
      for (int draw = 0; draw < 40; ++draw) {
        quant::fill_blocks(type, blocks.span(), rng);
        if (draw % 2 == 0)  // any bytes at all, infinite scales included
          for (std::byte& b : blocks) b = static_cast<std::byte>(rng());
        const std::vector<float> expected = quant::decoded(type, blocks.span());
        k().decode[static_cast<size_t>(type)](blocks.data(), y.data(), n);
        for (size_t i = 0; i < y.size(); ++i) {
          if (std::isnan(expected[i]) && std::isnan(y[i])) continue;
          ASSERT_EQ(std::memcmp(&y[i], &expected[i], sizeof y[i]), 0) << i << ": " << y[i] << " for " << expected[i];
        }
      }
    }
  });
}

FACET_EVERY_ISA(FormatTest);

class PrepareTest : public IsaTest {};

TEST_P(PrepareTest, KeepsEveryElementAndAddsSumsOf16) {
  for (const int n : {1, 31, 32, 33, 64, 100, 1536}) {
    Floats x(static_cast<size_t>(n)), prepared(prepared_floats(n));
    fill_normal(x.span(), rng);
    k().prepare(x.data(), n, prepared.data());
    std::vector<float> before(x.begin(), x.end()), after(prepared.begin(), prepared.begin() + n);
    for (auto* v : {&before, &after}) std::sort(v->begin(), v->end());
    EXPECT_EQ(before, after);
    for (int begin = 0; begin < n; begin += kSumGroup) {
      double exact = 0, size = 0;
      for (int i = begin; i < std::min(n, begin + kSumGroup); ++i) {
        exact += x[static_cast<size_t>(i)];
        size += std::abs(x[static_cast<size_t>(i)]);
      }
      EXPECT_NEAR(prepared[static_cast<size_t>(n + begin / kSumGroup)], exact, product_bound(kSumGroup, size));
    }
  }
}

FACET_EVERY_ISA(PrepareTest);

}  // namespace
}  // namespace facet::kernels
