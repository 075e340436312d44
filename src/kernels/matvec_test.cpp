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
  // Calls check(type, rounding) for every weight format and what its columns may be rounded to.
  template <class Check>
  void for_products(Check&& check) {
    for_formats([&](BlockType type) {
      check(type, Rounding::Int16);
      if (HasFailure() || !rounds_columns(type)) return;
      SCOPED_TRACE("8 bits");
      check(type, Rounding::Int8);
    });
  }
};

// A matrix and columns to multiply it with, all ending at unreadable pages.
struct Problem {
  BlockType type;
  Rounding rounding;
  int n_in, n_rows, n_cols;
  size_t row_bytes, x_stride, rounded_stride;
  Bytes w;
  Floats x, rounded;

  Problem(const Kernels& k, BlockType t, Rounding r, int in, int rows, int cols, std::mt19937& rng)
      : type(t),
        rounding(r),
        n_in(in),
        n_rows(rows),
        n_cols(cols),
        row_bytes(quant::row_bytes(t, static_cast<size_t>(in))),
        x_stride(static_cast<size_t>(in) + 3),
        rounded_stride(rounded_floats(in)),
        w(row_bytes * static_cast<size_t>(rows)),
        x(x_stride * static_cast<size_t>(cols - 1) + static_cast<size_t>(in)),
        rounded(rounded_stride * static_cast<size_t>(cols)) {
    quant::fill_blocks(type, w.span(), rng);
    fill_normal(x.span(), rng);
    round(k);
  }

  void round(const Kernels& k) {
    for (int c = 0; c < n_cols; ++c)
      k.round_of(rounding)(column(c), n_in, rounded.data() + static_cast<size_t>(c) * rounded_stride);
  }

  Columns columns(int first) const {
    return {column(first), x_stride, rounded.data() + static_cast<size_t>(first) * rounded_stride, rounded_stride};
  }
  float* column(int c) const { return x.data() + static_cast<size_t>(c) * x_stride; }

  // y of rows [row, row + rows) and columns [col, col + cols), packed.
  std::vector<float> multiply(const Kernels& k, int row, int rows, int col, int cols) const {
    const size_t stride = static_cast<size_t>(rows);
    Floats y(stride * static_cast<size_t>(cols));
    k.matvec_of(type, rounding)(w.data() + static_cast<size_t>(row) * row_bytes, row_bytes, n_in, rows, columns(col),
                                cols, y.data(), stride);
    return {y.begin(), y.end()};
  }
};

// Exact products of a problem, and how far from them kernels.h lets a result be.
struct Expected {
  struct Value {
    double exact, bound;
  };
  std::vector<std::vector<Value>> rows;  // [row][column]

  explicit Expected(const Problem& p) {
    for (int o = 0; o < p.n_rows; ++o) {
      const auto row = p.w.span().subspan(static_cast<size_t>(o) * p.row_bytes, p.row_bytes);
      const std::vector<float> w = quant::decoded(p.type, row), size = quant::magnitudes(p.type, row);
      rows.emplace_back();
      for (int c = 0; c < p.n_cols; ++c) {
        const float* x = p.column(c);
        double exact = 0, sum = 0;
        for (size_t i = 0; i < w.size(); ++i) {
          exact += static_cast<double>(w[i]) * x[i];
          sum += std::abs(static_cast<double>(size[i]) * x[i]);
        }
        rows.back().push_back({exact, product_bound(p.n_in, sum) + rounding_bound(p.type, p.rounding, x, w)});
      }
    }
  }
};

// The last rows and columns of a problem, as many as that: so they too end at unreadable pages.
void expect_products_of_last(const Kernels& k, const Problem& p, const Expected& expected, int n_rows, int n_cols) {
  const int row = p.n_rows - n_rows, col = p.n_cols - n_cols;
  const std::vector<float> y = p.multiply(k, row, n_rows, col, n_cols);
  for (int o = 0; o < n_rows; ++o)
    for (int c = 0; c < n_cols; ++c) {
      const Expected::Value& value = expected.rows[static_cast<size_t>(row + o)][static_cast<size_t>(col + c)];
      ASSERT_NEAR(y[static_cast<size_t>(c * n_rows + o)], value.exact, value.bound)
          << "row " << o << " of " << n_rows << ", column " << c << " of " << n_cols << ", length " << p.n_in;
    }
}

TEST_P(FormatTest, ProductsStayWithinTheBound) {
  for_products([&](BlockType type, Rounding rounding) {
    for (const int n_in : lengths(type)) {
      const Problem p(k(), type, rounding, n_in, 13, 17, rng);
      const Expected expected(p);
      for (const int n_rows : {1, 3, 8, 13})
        for (const int n_cols : {1, 2, 3, 4, 5, 7, 8, 9, 17}) {
          expect_products_of_last(k(), p, expected, n_rows, n_cols);
          if (HasFatalFailure()) return;
        }
    }
  });
}

TEST_P(FormatTest, AResultDependsOnItsRowAndColumnAlone) {
  for_products([&](BlockType type, Rounding rounding) {
    const Problem p(k(), type, rounding, lengths(type).back(), 7, 11, rng);
    const std::vector<float> all = p.multiply(k(), 0, p.n_rows, 0, p.n_cols);
    for (int o = 0; o < p.n_rows; ++o)
      for (int c = 0; c < p.n_cols; ++c)
        expect_same_bits(p.multiply(k(), o, 1, c, 1), std::span(all).subspan(static_cast<size_t>(c * p.n_rows + o), 1));
  });
}

TEST_P(FormatTest, OutputsBetweenTheStridesStay) {
  for_products([&](BlockType type, Rounding rounding) {
    const Problem p(k(), type, rounding, lengths(type).front(), 3, 5, rng);
    const size_t y_stride = 5;
    std::vector<float> y(y_stride * 5, -7.0f);
    k().matvec_of(type, rounding)(p.w.data(), p.row_bytes, p.n_in, p.n_rows, p.columns(0), p.n_cols, y.data(),
                                  y_stride);
    for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i] == -7.0f, i % y_stride >= 3) << i;
  });
}

// Files may put their data at any address.
TEST_P(FormatTest, WeightsLieAnywhere) {
  for_products([&](BlockType type, Rounding rounding) {
    const int n_in = lengths(type).back();
    const Problem p(k(), type, rounding, n_in, 3, 5, rng);
    const std::vector<float> expected = p.multiply(k(), 0, 3, 0, 5);
    Bytes moved(p.w.size() + 1);
    const size_t shift = 1 - reinterpret_cast<uintptr_t>(moved.data()) % 2;  // to an odd address
    std::memcpy(moved.data() + shift, p.w.data(), p.w.size());
    std::vector<float> y(expected.size()), row(static_cast<size_t>(n_in)), moved_row(row);
    k().matvec_of(type, rounding)(moved.data() + shift, p.row_bytes, n_in, 3, p.columns(0), 5, y.data(), 3);
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

// The largest and the least code of every format with the largest activations, where a sum in 16 bits would overflow
// first. Such activations are exact, so nothing hides it.
TEST_P(FormatTest, TheLargestProductsDoNotOverflow) {
  for_products([&](BlockType type, Rounding rounding) {
    if (!rounds_columns(type)) return;
    for (const int code : {0x00, 0x77, 0x7f, 0x80, 0xff}) {
      Problem p(k(), type, rounding, lengths(type).back(), 2, 3, rng);
      quant::fill_equal_codes(type, static_cast<std::byte>(code), p.w.span(), rng);
      for (int c = 0; c < p.n_cols; ++c)
        for (int i = 0; i < p.n_in; ++i) p.column(c)[i] = c == 0 || (c == 2 && i % 2 == 0) ? 3 : -3;
      p.round(k());
      expect_products_of_last(k(), p, Expected(p), p.n_rows, p.n_cols);
    }
  });
}

FACET_EVERY_ISA(FormatTest);

class RoundTest : public IsaTest {
 protected:
  // The sum of the rounded elements from `begin` on: their product with weights of 1, behind weights of 0.
  float sum_of(const std::vector<float>& x, Rounding rounding, size_t begin = 0) {
    const auto n = static_cast<int>(x.size());
    std::vector<float> ones(x.size(), 1.0f), rounded(rounded_floats(n));
    std::fill_n(ones.begin(), begin, 0.0f);
    std::vector<std::byte> w(quant::row_bytes(BlockType::Q8_0, x.size()));
    quant::encode_row(BlockType::Q8_0, ones.data(), w.data(), x.size());
    k().round_of(rounding)(x.data(), n, rounded.data());
    float y = 0;
    k().matvec_of(BlockType::Q8_0, rounding)(w.data(), w.size(), n, 1,
                                             {x.data(), x.size(), rounded.data(), rounded.size()}, 1, &y, 1);
    return y / quant::decoded(BlockType::Q8_0, w)[begin];
  }
  static constexpr Rounding kRoundings[] = {Rounding::Int16, Rounding::Int8};
};

TEST_P(RoundTest, ABlockSharesItsScaleWithNoOther) {
  std::vector<float> x(96, 0.0f);
  x[0] = 1e6f;
  x[40] = 1e-6f;
  x[95] = -3e-6f;
  for (const Rounding rounding : kRoundings)
    EXPECT_NEAR(sum_of(x, rounding, 32), -2e-6f, 2 * 3e-6f * rounding_error(rounding));
}

TEST_P(RoundTest, RoundsToTheNearestStepOfTheLargest) {
  std::uniform_real_distribution<float> any(-1, 1);
  for (int i = 0; i < 200; ++i) {
    std::vector<float> x(32, 0.0f);
    x[0] = 1;
    x[1] = -1;
    x[2] = any(rng);
    for (const Rounding rounding : kRoundings)
      EXPECT_NEAR(sum_of(x, rounding), x[2], rounding_error(rounding) + 0x1p-20f);
  }
}

TEST_P(RoundTest, ZeroTinyAndOddElements) {
  for (const Rounding rounding : kRoundings) {
    std::vector<float> x(64, 0.0f);
    EXPECT_EQ(sum_of(x, rounding), 0);
    x[3] = kRoundedFloor / 2;
    EXPECT_EQ(sum_of(x, rounding), 0);
    x[40] = 5;
    EXPECT_NEAR(sum_of(x, rounding), 5, 1e-5f);
    for (const float odd : {NAN, INFINITY, -INFINITY})
      for (const size_t at : {0, 31, 63}) {
        std::vector<float> with = x;
        with[at] = odd;
        EXPECT_TRUE(std::isnan(sum_of(with, rounding))) << odd << " at " << at;
      }
  }
}

FACET_EVERY_ISA(RoundTest);

}  // namespace
}  // namespace facet::kernels
