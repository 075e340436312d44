// What the tests of cpu::Ops share: the reference beside the CPU backend on one thread and on three, for every
// instruction set, and matrices whose rows lie further apart than they are long.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/test_bounds.h"
#include "ops/cpu/cpu_ops.h"
#include "ops/ref/ref_ops.h"

namespace facet::kernels {

inline std::ostream& operator<<(std::ostream& out, const KernelSet& set) { return out << set.kernels->name; }

}  // namespace facet::kernels

namespace facet::ops {

constexpr double kUlp = 0x1p-24;  // the relative error of one rounding

constexpr int kPageTokens = 64;  // of the pages that tests make of keys and values

// The bound of a sum of n products, and one rounding more for a factor behind it.
inline double product_bound(int n, double size) { return kernels::product_bound(n + 1, size); }

// An owned matrix with gaps between its rows, which no op may touch.
class Matrix {
 public:
  Matrix(int rows, int cols, int gap = 3)
      : data_(static_cast<size_t>(rows) * static_cast<size_t>(cols + gap), kGap), rows_(rows), cols_(cols), gap_(gap) {
    for (int r = 0; r < rows; ++r) std::memset(row(r), 0, sizeof(float) * static_cast<size_t>(cols));
  }
  Matrix(int rows, int cols, std::mt19937& rng, int gap = 3) : Matrix(rows, cols, gap) {
    std::normal_distribution<float> normal;
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < cols; ++c) row(r)[c] = normal(rng) * (rng() % 16 == 0 ? 8 : 1);
  }

  Mat mat() { return {data_.data(), rows_, cols_, static_cast<size_t>(cols_ + gap_)}; }
  ConstMat mat() const { return {data_.data(), rows_, cols_, static_cast<size_t>(cols_ + gap_)}; }
  operator Mat() { return mat(); }             // NOLINT: views convert
  operator ConstMat() const { return mat(); }  // NOLINT
  float* row(int r) { return data_.data() + static_cast<size_t>(r) * static_cast<size_t>(cols_ + gap_); }
  const float* row(int r) const { return data_.data() + static_cast<size_t>(r) * static_cast<size_t>(cols_ + gap_); }
  float at(int r, int c) const { return row(r)[c]; }
  int rows() const { return rows_; }
  int cols() const { return cols_; }

  bool has_whole_gaps() const {
    for (int r = 0; r < rows_; ++r)
      for (int c = cols_; c < cols_ + gap_; ++c)
        if (at(r, c) != kGap) return false;
    return true;
  }
  // Equal to the bit, gaps included.
  bool operator==(const Matrix& other) const {
    return data_.size() == other.data_.size() &&
           std::memcmp(data_.data(), other.data_.data(), data_.size() * sizeof(float)) == 0;
  }

 private:
  static constexpr float kGap = -77;
  std::vector<float> data_;
  int rows_, cols_, gap_;
};

inline bool same_row(const Matrix& a, int row_a, const Matrix& b, int row_b) {
  return std::memcmp(a.row(row_a), b.row(row_b), sizeof(float) * static_cast<size_t>(a.cols())) == 0;
}

class BackendTest : public testing::TestWithParam<kernels::KernelSet> {
 protected:
  void SetUp() override {
    if (!GetParam().runs_here) GTEST_SKIP() << "this CPU lacks " << GetParam().kernels->name;
  }

  // Runs op(backend, out) on each backend, out starting as `start`; expects one thread and three to give the same bits
  // and each element to be within bound(row, column) of the reference.
  template <class Op, class Bound>
  void compare(const Matrix& start, Op&& op, Bound&& bound) {
    Matrix expected = start, single = start, threaded = start;
    op(static_cast<Ops&>(ref), expected);
    op(static_cast<Ops&>(cpu), single);
    op(static_cast<Ops&>(cpu3), threaded);
    EXPECT_TRUE(single == threaded) << "threads change the result";
    EXPECT_TRUE(single.has_whole_gaps());
    for (int r = 0; r < start.rows(); ++r)
      for (int c = 0; c < start.cols(); ++c)
        ASSERT_NEAR(single.at(r, c), expected.at(r, c), bound(r, c) + kUlp * std::abs(expected.at(r, c)))
            << "row " << r << " column " << c << " of " << start.rows() << " x " << start.cols();
  }
  template <class Op>
  void compare_exact(const Matrix& start, Op&& op) {
    Matrix expected = start, single = start, threaded = start;
    op(static_cast<Ops&>(ref), expected);
    op(static_cast<Ops&>(cpu), single);
    op(static_cast<Ops&>(cpu3), threaded);
    EXPECT_TRUE(single == threaded);
    EXPECT_TRUE(single == expected);
  }

  std::mt19937 rng{13};
  ref::Ops ref;
  ThreadPool one{1}, three{3};
  cpu::Ops cpu{one, *GetParam().kernels}, cpu3{three, *GetParam().kernels};
};

#define FACET_EVERY_ISA(Suite)                                                                 \
  INSTANTIATE_TEST_SUITE_P(Isa, Suite, testing::ValuesIn(facet::kernels::all_sets()),          \
                           [](const testing::TestParamInfo<facet::kernels::KernelSet>& info) { \
                             return std::string(info.param.kernels->name);                     \
                           })

}  // namespace facet::ops
