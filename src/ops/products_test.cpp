// Products and mixtures of experts, on the CPU against the reference.
#include "ops/backends_test.h"
#include "quant/test_blocks.h"

namespace facet::ops {
namespace {

using quant::BlockType;

// Random weights that own their blocks.
struct OwnedWeight {
  std::vector<std::byte> blocks;
  Weight w;

  OwnedWeight(BlockType type, int n_in, int n_out, float scale, std::mt19937& rng)
      : blocks(quant::row_bytes(type, static_cast<size_t>(n_in)) * static_cast<size_t>(n_out)),
        w{blocks.data(), type, n_in, n_out, scale} {
    quant::fill_blocks(type, blocks, rng);
  }
};

std::vector<float> row_of(const Weight& w, int o) { return quant::decoded(w.type, {w.rows(o, 1).data, w.row_bytes()}); }

// sum_i |x_i w_i| of one output, as the bound counts it.
template <class Number>
double size_of(const Number* x, const Weight& w, int o) {
  const std::vector<float> m = quant::magnitudes(w.type, {w.rows(o, 1).data, w.row_bytes()});
  double size = 0;
  for (size_t i = 0; i < m.size(); ++i) size += std::abs(static_cast<double>(x[i]) * m[i]);
  return size * std::abs(w.scale);
}

// What rounding the row x may add to that.
template <class Number>
double rounding_of(const Number* x, const Weight& w, int o, kernels::Rounding rounding = kernels::Rounding::Int16) {
  return kernels::rounding_bound(w.type, rounding, x, row_of(w, o)) * std::abs(w.scale);
}

template <class Number>
double bf16_rounding_of(const Number* x, const Weight& w, int o) {
  return kernels::panel_rounding_bound(kernels::PanelKind::BF16, x, row_of(w, o)) * std::abs(w.scale);
}

constexpr BlockType kWeightTypes[] = {BlockType::F32,  BlockType::F16,   BlockType::BF16,  BlockType::Q4_0,
                                      BlockType::Q8_0, BlockType::Q4_1,  BlockType::Q2_K,  BlockType::Q4_K,
                                      BlockType::Q6_K, BlockType::NVFP4, BlockType::IQ2_XS};

class ProductsTest : public BackendTest {
 protected:
  static bool panels_take(kernels::PanelKind kind, BlockType type) {
    const kernels::PanelKernels* panels = GetParam().kernels->panels[static_cast<size_t>(kind)];
    return panels != nullptr && panels->takes(type);
  }
};

TEST_P(ProductsTest, Linear) {
  for (const BlockType type : kWeightTypes)
    for (const auto& [n_in, n_out] : {std::pair{256, 1}, {768, 75}, {2304, 45}}) {
      const OwnedWeight w(type, n_in, n_out, type == BlockType::NVFP4 ? 0.7f : 1, rng);
      for (const int rows : {1, 2, 8, 9, 30, 75}) {  // narrow, wide, several tiles
        SCOPED_TRACE(std::string(quant::block_info(type).name));
        const Matrix x(rows, n_in, rng);
        compare(
            Matrix(rows, n_out), [&](Ops& op, Matrix& out) { op.linear(out, x, w.w); },
            [&, n_in = n_in, type](int r, int o) {
              const bool is_panel = rows > kDecodeRows && panels_take(kernels::PanelKind::BF16, type);
              return product_bound(n_in, size_of(x.row(r), w.w, o)) +
                     (is_panel ? bf16_rounding_of(x.row(r), w.w, o) : rounding_of(x.row(r), w.w, o));
            });
        if (HasFailure()) return;
      }
    }
}

// Up to kDecodeRows rows of a prompt are one class, more are another: within a class a row's result is its own. Between
// the classes the order of summation differs, and nothing but the bound holds.
TEST_P(ProductsTest, ARowDependsOnItselfAloneWithinItsClass) {
  for (const BlockType type : kWeightTypes) {
    const OwnedWeight w(type, 512, 70, 1, rng);
    const Matrix x(60, 512, rng);
    const auto multiply = [&](int begin, int n) {
      Matrix y(n, 70);
      cpu.linear(y, x.mat().rows(begin, n), w.w);
      return y;
    };
    const Matrix narrow = multiply(0, kDecodeRows), wide = multiply(0, 60);
    for (int r = 0; r < kDecodeRows; ++r) {
      EXPECT_TRUE(same_row(multiply(r, 1), 0, narrow, r)) << r;
      if (r % 3 == 0) {
        EXPECT_TRUE(same_row(multiply(r, 2), 0, narrow, r)) << r;
      }
    }
    for (const int n : {kDecodeRows + 1, 31})
      for (const int begin : {0, 7, 29}) {
        const Matrix part = multiply(begin, n);
        for (int r = 0; r < n; ++r)
          EXPECT_TRUE(same_row(part, r, wide, begin + r)) << begin << " + " << r << " of " << n;
      }
  }
}

TEST_P(ProductsTest, DecodedRowsGetWhatTheyGetAloneHoweverManyThereAre) {
  cpu::Ops bytes(three, *GetParam().kernels, Activations::Int8), exact(three, *GetParam().kernels, Activations::F32);
  for (cpu::Ops* op : {&cpu3, &bytes, &exact})
    for (const BlockType type : kWeightTypes) {
      const OwnedWeight w(type, 768, 70, 0.7f, rng);
      const Matrix x(kDecodeBatch, 768, rng);
      const auto multiply = [&](int begin, int n) {
        Matrix y(n, 70);
        op->linear(y, x.mat().rows(begin, n), w.w);
        return y;
      };
      op->begin_step(StepKind::Decode);
      for (const int n : {kDecodeBatch, 20, kDecodeRows + 1}) {
        const Matrix together = multiply(0, n);
        for (int r = 0; r < n; r += 3) EXPECT_TRUE(same_row(multiply(r, 1), 0, together, r)) << r << " of " << n;
      }
      op->begin_step(StepKind::Prompt);
      const Matrix alone = multiply(5, 1), several = multiply(0, kDecodeRows);
      EXPECT_TRUE(same_row(alone, 0, several, 5));
    }
}

// The same weights as numbers.
struct DecodedWeight {
  std::vector<float> values;
  Weight w;

  explicit DecodedWeight(const Weight& from) : w(from) {
    for (int o = 0; o < from.n_out; ++o) {
      const std::vector<float> row = row_of(from, o);
      values.insert(values.end(), row.begin(), row.end());
    }
    w.data = reinterpret_cast<const std::byte*>(values.data());
    w.type = BlockType::F32;
  }
};

TEST_P(ProductsTest, ActivationsStayAsTheyAreWhereThatIsAsked) {
  cpu::Ops exact(three, *GetParam().kernels, Activations::F32);
  for (const BlockType type : kWeightTypes) {
    if (!kernels::rounds_columns(type)) continue;
    const OwnedWeight w(type, 512, 70, 1, rng);
    const DecodedWeight decoded(w.w);
    for (const int rows : {1, 8, 9}) {
      const Matrix x(rows, 512, rng);
      Matrix expected(rows, 70), got(rows, 70), rounded(rows, 70);
      exact.linear(expected, x, decoded.w);
      exact.linear(got, x, w.w);
      cpu.linear(rounded, x, w.w);
      EXPECT_TRUE(got == expected) << rows;
      const bool is_rounded = rows <= kDecodeRows || panels_take(kernels::PanelKind::Int16, type);
      EXPECT_EQ(rounded == got, !is_rounded) << rows;
    }
  }
}

// Of both classes, and of experts, which are in the first: 8 bits are used, and are as near as they claim to be.
TEST_P(ProductsTest, ActivationsBecomeBytesWhereThatIsAsked) {
  cpu::Ops bytes(three, *GetParam().kernels, Activations::Int8);
  for (const BlockType type : kWeightTypes) {
    const OwnedWeight w(type, 768, 70, 1, rng);
    for (const int rows : {1, 8, 9, 40}) {
      const Matrix x(rows, 768, rng);
      Matrix expected(rows, 70), got(rows, 70), finer(rows, 70);
      ref.linear(expected, x, w.w);
      bytes.linear(got, x, w.w);
      cpu.linear(finer, x, w.w);
      for (int r = 0; r < rows; ++r)
        for (int o = 0; o < 70; ++o) {
          const bool is_bf16 = rows > kDecodeRows && panels_take(kernels::PanelKind::BF16, type);
          const double rounding =
              is_bf16 ? bf16_rounding_of(x.row(r), w.w, o) : rounding_of(x.row(r), w.w, o, kernels::Rounding::Int8);
          ASSERT_NEAR(got.at(r, o), expected.at(r, o), product_bound(768, size_of(x.row(r), w.w, o)) + rounding)
              << quant::block_info(type).name << ", " << rows << " rows";
        }
      const bool is_wide = rows > kDecodeRows;
      if (is_wide ? panels_take(kernels::PanelKind::Int8, type) && !panels_take(kernels::PanelKind::BF16, type)
                  : kernels::rounds_columns(type)) {
        EXPECT_FALSE(got == finer) << quant::block_info(type).name << ", " << rows << " rows";
      }
    }
  }
}

TEST_P(ProductsTest, SeveralProductsAreThoseOneByOne) {
  const OwnedWeight a(BlockType::Q4_0, 256, 100, 1, rng), b(BlockType::Q6_K, 256, 33, 1, rng),
      c(BlockType::BF16, 256, 1, 1, rng);
  for (const int rows : {1, 5, 40}) {
    const Matrix x(rows, 256, rng);
    for (cpu::Ops* op : {&cpu, &cpu3}) {
      Matrix y[3] = {{rows, 100}, {rows, 33}, {rows, 1}}, z[3] = {{rows, 100}, {rows, 33}, {rows, 1}};
      const Projection all[] = {{y[0], &a.w}, {y[1], &b.w}, {y[2], &c.w}};
      op->linears(all, x);
      op->linear(z[0], x, a.w);
      op->linear(z[1], x, b.w);
      op->linear(z[2], x, c.w);
      for (int i = 0; i < 3; ++i) EXPECT_TRUE(y[i] == z[i]) << i << " of " << rows << " rows";
    }
  }
}

TEST_P(ProductsTest, ProductsAreFinishedAsByTheOpsOneByOne) {
  const OwnedWeight a(BlockType::Q8_0, 256, 100, 1, rng), b(BlockType::BF16, 256, 33, 1, rng);
  for (const int rows : {1, 8, 40}) {
    const Matrix x(rows, 256, rng);
    for (cpu::Ops* op : {&cpu, &cpu3}) {
      Matrix y[2] = {{rows, 100}, {rows, 33}}, z[2] = {{rows, 100}, {rows, 33}};
      const Projection both[] = {{y[0], &a.w, {-2, 1.5f, true, -0.125f, 1.25f}},
                                 {y[1], &b.w, {-Finish::kNoLimit, 1, false}}};
      op->linears(both, x);
      op->linear(z[0], x, a.w);
      op->clamp(z[0], z[0], -2, 1.5f);
      op->silu(z[0]);
      op->clamp(z[0], z[0], -0.125f, 1.25f);
      op->linear(z[1], x, b.w);
      op->clamp(z[1], z[1], -Finish::kNoLimit, 1);
      for (int i = 0; i < 2; ++i) EXPECT_TRUE(y[i] == z[i]) << i << " of " << rows << " rows";
      EXPECT_TRUE(y[0].has_whole_gaps());
    }
  }
}

TEST_P(ProductsTest, GatedLinearIsItsDefinition) {
  const OwnedWeight gate(BlockType::Q4_0, 256, 90, 1, rng), up(BlockType::Q5_K, 256, 90, 1, rng);
  for (const int rows : {1, 20}) {
    const Matrix x(rows, 256, rng);
    for (cpu::Ops* op : {&cpu, &cpu3}) {
      Matrix fused(rows, 90), scratch(rows, 90), plain(rows, 90), other(rows, 90);
      op->gated_linear(fused, scratch, x, gate.w, up.w);
      op->linear(plain, x, gate.w);
      op->linear(other, x, up.w);
      op->gelu_mul(plain, plain, other);
      EXPECT_TRUE(fused == plain);
    }
  }
}

// The reference's experts in double, with a bound beside every value.
struct Expected {
  std::vector<double> value, bound;
};

Expected mixture(const float* x, const Routing& routing, int row, const ExpertWeight& gate, const ExpertWeight& up,
                 const ExpertWeight& down) {
  const auto dot = [](const auto& a, const Weight& w, int o) {
    const std::vector<float> row_of_w = row_of(w, o);
    double sum = 0;
    for (size_t i = 0; i < row_of_w.size(); ++i) sum += static_cast<double>(a[i]) * row_of_w[i];
    return sum * w.scale;
  };
  const int n_ff = down.first.n_in, n_out = down.first.n_out, n_in = gate.first.n_in;
  Expected e{std::vector<double>(static_cast<size_t>(n_out)), std::vector<double>(static_cast<size_t>(n_out))};
  for (int j = 0; j < routing.n_used; ++j) {
    const int expert = routing.index[row * routing.n_used + j];
    const double weight = routing.weight[row * routing.n_used + j];
    const Weight both = gate.expert(expert), g = both.rows(0, n_ff),
                 u = up.empty() ? both.rows(n_ff, n_ff) : up.expert(expert);
    const Weight d = down.expert(expert);
    std::vector<double> h(static_cast<size_t>(n_ff)), h_error(h);
    for (int i = 0; i < n_ff; ++i) {
      const double a = dot(x, g, i), b = dot(x, u, i),
                   gelu = 0.5 * a * (1 + std::tanh(0.7978845608028654 * (a + 0.044715 * a * a * a)));
      const double a_error = product_bound(n_in, size_of(x, g, i)) + rounding_of(x, g, i),
                   b_error = product_bound(n_in, size_of(x, u, i)) + rounding_of(x, u, i);
      h[static_cast<size_t>(i)] = gelu * b;
      // The slope of gelu is below 1.13; its own error as in RowsTest.GeluMul, taken at its largest for |a| < 88.
      const double gelu_error = 1.13 * a_error + std::abs(gelu) * (88 * 8 * kUlp + kernels::kExpError);
      h_error[static_cast<size_t>(i)] = gelu_error * (std::abs(b) + b_error) + std::abs(gelu) * b_error;
    }
    for (int o = 0; o < n_out; ++o) {
      const std::vector<float> w = row_of(d, o);
      std::vector<double> largest(h);
      double error = 0;
      for (size_t i = 0; i < w.size(); ++i) {
        largest[i] = std::abs(h[i]) + h_error[i];
        error += h_error[i] * std::abs(w[i] * d.scale);
      }
      error += rounding_of(largest.data(), d, o);
      const double y = dot(h, d, o);
      e.value[static_cast<size_t>(o)] += weight * y;
      e.bound[static_cast<size_t>(o)] +=
          std::abs(weight) * (error + product_bound(n_ff, size_of(largest.data(), d, o)) + 10 * kUlp * std::abs(y));
    }
  }
  return e;
}

TEST_P(ProductsTest, ExpertsWithSeparateAndJoinedWeights) {
  const int n_in = 64, n_ff = 96, n_experts = 6, n_used = 2, n_out = 64;
  const std::vector<float> scales{1, 0.5f, 2, 1, 1.5f, 0.25f};
  for (const bool joined : {false, true})
    for (const int rows : {1, 7, 40}) {
      const OwnedWeight gate_w(BlockType::Q8_0, n_in, n_experts * n_ff * (joined ? 2 : 1), 1, rng),
          up_w(BlockType::Q4_0, n_in, n_experts * n_ff, 1, rng),
          down_w(BlockType::Q4_0, n_ff, n_experts * n_out, 1, rng);
      const auto stack = [&](const OwnedWeight& w, Vec s) {
        Weight first = w.w;
        first.n_out /= n_experts;
        return ExpertWeight{first, n_experts, s};
      };
      const ExpertWeight gate = stack(gate_w, scales), up = joined ? ExpertWeight{} : stack(up_w, {}),
                         down = stack(down_w, scales);
      std::vector<int> index(static_cast<size_t>(rows * n_used));
      std::vector<float> weight(index.size());
      for (int r = 0; r < rows; ++r) {  // experts 4 and 5 stay without rows
        index[static_cast<size_t>(r * n_used)] = r % 4;
        index[static_cast<size_t>(r * n_used + 1)] = (r + 1 + r / 4 % 3) % 4;
        weight[static_cast<size_t>(r * n_used)] = 0.7f;
        weight[static_cast<size_t>(r * n_used + 1)] = 0.3f;
      }
      const Routing routing{index.data(), weight.data(), rows, n_used};
      const Matrix x(rows, n_in, rng);
      std::vector<Expected> expected;
      for (int r = 0; r < rows; ++r) expected.push_back(mixture(x.row(r), routing, r, gate, up, down));
      Matrix from_ref(rows, n_out);
      ref.experts(from_ref, x, routing, gate, up, down);
      for (int r = 0; r < rows; ++r)
        for (int o = 0; o < n_out; ++o)
          ASSERT_NEAR(from_ref.at(r, o), expected[static_cast<size_t>(r)].value[static_cast<size_t>(o)],
                      expected[static_cast<size_t>(r)].bound[static_cast<size_t>(o)]);
      compare(
          Matrix(rows, n_out), [&](Ops& op, Matrix& out) { op.experts(out, x, routing, gate, up, down); },
          [&](int r, int o) { return 2 * expected[static_cast<size_t>(r)].bound[static_cast<size_t>(o)]; });
      // A row's result is its own, whatever rows are beside it: alone, or in a step that takes panels as this one does.
      Matrix all(rows, n_out);
      cpu.experts(all, x, routing, gate, up, down);
      const int n_together = rows > 7 ? 20 : 1;
      Matrix part(n_together, n_out);
      for (int first = 0; first + n_together <= rows; first += n_together) {
        const int slot = first * n_used;
        cpu.experts(part, x.mat().rows(first, n_together),
                    {index.data() + slot, weight.data() + slot, n_together, n_used}, gate, up, down);
        for (int r = 0; r < n_together; ++r) EXPECT_TRUE(same_row(part, r, all, first + r)) << first + r;
      }
      // So is it when it is decoded, by as many rows as there can be.
      const int n_decoded = std::min(rows, kDecodeBatch);
      Matrix decoded(n_decoded, n_out), one(1, n_out);
      cpu.begin_step(StepKind::Decode);
      cpu.experts(decoded, x.mat().rows(0, n_decoded), {index.data(), weight.data(), n_decoded, n_used}, gate, up,
                  down);
      cpu.begin_step(StepKind::Prompt);
      for (int r = 0; r < n_decoded; r += 5) {
        cpu.experts(one, x.mat().rows(r, 1), {index.data() + r * n_used, weight.data() + r * n_used, 1, n_used}, gate,
                    up, down);
        EXPECT_TRUE(same_row(one, 0, decoded, r)) << r << " of " << n_decoded;
      }
      if (HasFailure()) return;
    }
}

// Two or three rows an expert, or four times as many: the same steps' class, in kernels of their own.
TEST_P(ProductsTest, AnExpertWithFewRowsGivesWhatItGivesWithMany) {
  const int n_in = 4 * kernels::kPanelDepth + 32, n_ff = 96, n_experts = 4, n_out = 80, rows = 9, times = 4;
  for (const BlockType type : {BlockType::Q4_0, BlockType::Q8_0, BlockType::Q4_1}) {
    const OwnedWeight gate_w(type, n_in, n_experts * 2 * n_ff, 1, rng), down_w(type, n_ff, n_experts * n_out, 1, rng);
    const auto stack = [&](Weight w) {
      w.n_out /= n_experts;
      return ExpertWeight{w, n_experts, {}};
    };
    const Matrix x(rows, n_in, rng);
    Matrix repeated(rows * times, n_in), few(rows, n_out), many(rows * times, n_out);
    std::vector<int> index;
    const std::vector<float> weight(static_cast<size_t>(rows * times), 0.5f);
    for (int r = 0; r < rows * times; ++r) {
      std::copy_n(x.row(r % rows), n_in, repeated.mat().row(r));
      index.push_back(r % rows % n_experts);
    }
    const auto run = [&](Matrix& out, const Matrix& in) {
      std::vector<float> share = weight;
      cpu3.experts(out, in, {index.data(), share.data(), in.rows(), 1}, stack(gate_w.w), {}, stack(down_w.w));
    };
    run(few, x);
    run(many, repeated);
    for (int r = 0; r < rows * times; ++r) EXPECT_TRUE(same_row(few, r % rows, many, r)) << r;
  }
}

TEST_P(ProductsTest, ExpertsKeepActivationsAsTheyAreWhereThatIsAsked) {
  cpu::Ops exact(three, *GetParam().kernels, Activations::F32), bytes(three, *GetParam().kernels, Activations::Int8);
  const int n_in = 64, n_ff = 96, n_experts = 3, n_out = 32;
  const OwnedWeight gate(BlockType::Q4_0, n_in, n_experts * 2 * n_ff, 1, rng),
      down(BlockType::Q8_0, n_ff, n_experts * n_out, 1, rng);
  const DecodedWeight plain_gate(gate.w), plain_down(down.w);
  const auto stack = [&](Weight w) {
    w.n_out /= n_experts;
    return ExpertWeight{w, n_experts, {}};
  };
  std::vector<int> index{0, 1, 1, 2, 2, 0};
  std::vector<float> weight(index.size(), 0.5f);
  const Routing routing{index.data(), weight.data(), 3, 2};
  const Matrix x(3, n_in, rng);
  Matrix expected(3, n_out), got(3, n_out), rounded(3, n_out);
  exact.experts(expected, x, routing, stack(plain_gate.w), {}, stack(plain_down.w));
  exact.experts(got, x, routing, stack(gate.w), {}, stack(down.w));
  cpu.experts(rounded, x, routing, stack(gate.w), {}, stack(down.w));
  EXPECT_TRUE(got == expected);
  EXPECT_FALSE(rounded == got);
  bytes.experts(got, x, routing, stack(gate.w), {}, stack(down.w));
  EXPECT_FALSE(rounded == got || expected == got);
}

FACET_EVERY_ISA(ProductsTest);

}  // namespace
}  // namespace facet::ops
