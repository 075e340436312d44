// Loops over one row: norms, activation functions, pieces of softmax. Expected values are computed in double; the
// bounds are those of kernels.h.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/kernel_test.h"

namespace facet::kernels {
namespace {

constexpr double kUlp = 0x1p-24;  // half an ulp, relative: the error of one rounding
constexpr int kLengths[] = {1, 2, 7, 8, 15, 16, 17, 33, 100, 256, 1536};

class VectorTest : public IsaTest {};

TEST_P(VectorTest, RmsNorm) {
  for (const int n : kLengths)
    for (const bool weighted : {true, false}) {
      Floats x(static_cast<size_t>(n)), w(static_cast<size_t>(n)), out(static_cast<size_t>(n));
      for (const auto span : {x.span(), w.span()}) fill_normal(span, rng);
      k().rms_norm(out.data(), x.data(), weighted ? w.data() : nullptr, n, 1e-6f);
      double sum = 0;
      for (const float v : x) sum += static_cast<double>(v) * v;
      const double factor = 1 / std::sqrt(sum / n + 1e-6f);
      // The relative error of a sum of squares is halved by the root; four more roundings follow.
      const double relative = ((n + 8) / 2.0 + 5) * kUlp;
      for (size_t i = 0; i < out.size(); ++i) {
        const double exact = x[i] * factor * (weighted ? w[i] : 1.0f);
        ASSERT_NEAR(out[i], exact, std::abs(exact) * relative) << n;
      }
      k().rms_norm(x.data(), x.data(), weighted ? w.data() : nullptr, n, 1e-6f);
      expect_same_bits(x.span(), out.span());
    }
}

TEST_P(VectorTest, GeluMul) {
  const int n = 4001;
  Floats gate(n), up(n), out(n);
  fill_normal(up.span(), rng);
  for (int i = 0; i < n; ++i) gate[static_cast<size_t>(i)] = static_cast<float>((i - n / 2) * 0.01);
  gate[0] = 0;
  gate[1] = 1e4f;
  gate[2] = -1e4f;
  gate[3] = 1e-20f;
  k().gelu_mul(out.data(), gate.data(), up.data(), n);
  for (size_t i = 0; i < out.size(); ++i) {
    // In double the form with exp is the one with tanh, without its cancellation.
    const double x = gate[i], a = -2 * 0.7978845608028654 * (x + 0.044715 * x * x * x), e = std::exp(a);
    const double exact = x / (1 + e) * up[i];
    // The argument's roundings weigh |a|; an error of e weighs e / (1 + e), at most 1. Where the kernel's exp has
    // reached its end, the result is below 1e-37 |x| in place of something smaller.
    const double relative = std::min(1.0, e) * (std::min(std::abs(a), 88.0) * 8 * kUlp + kExpError) + 4 * kUlp;
    ASSERT_NEAR(out[i], exact, std::abs(exact) * relative + (a > 87 ? std::abs(x * up[i]) * 1e-37 : 0)) << x;
  }
  k().gelu_mul(gate.data(), gate.data(), up.data(), n);
  expect_same_bits(gate.span(), out.span());
}

TEST_P(VectorTest, Softcap) {
  for (const int n : kLengths) {
    Floats x(static_cast<size_t>(n));
    fill_normal(x.span(), rng);
    for (float& v : x) v *= 20;
    x[0] = -1e30f;
    const std::vector<float> before(x.begin(), x.end());
    k().softcap(x.data(), n, 30);
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_NEAR(x[i], 30 * std::tanh(before[i] / 30.0), 30 * kSoftcapError) << before[i];
  }
}

TEST_P(VectorTest, ExpSumGivesExpAndTheSumOfWhatItWrote) {
  for (const int n : kLengths) {
    Floats p(static_cast<size_t>(n));
    fill_normal(p.span(), rng);
    for (float& v : p) v *= 10;
    const std::vector<float> before(p.begin(), p.end());
    const float top = *std::max_element(before.begin(), before.end());
    const float sum = k().exp_sum(p.data(), n, top);
    double total = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      const float x = before[i] - top;
      if (x < kExpFloor)
        ASSERT_EQ(p[i], 0) << x;
      else
        ASSERT_NEAR(p[i], std::exp(double{x}), std::exp(double{x}) * kExpError) << x;
      total += p[i];
    }
    EXPECT_NEAR(sum, total, n * kUlp * total);
  }
}

TEST_P(VectorTest, ExpOfMinusInfinityIsZero) {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> p(2 * 16 + 3, -inf);
  p[5] = 2;
  EXPECT_EQ(k().exp_sum(p.data(), static_cast<int>(p.size()), 2), 1);
  for (size_t i = 0; i < p.size(); ++i) EXPECT_EQ(p[i], i == 5 ? 1 : 0);
}

// Damaged weights show in the logits only if no function on the way makes numbers of what is none.
TEST_P(VectorTest, WhatIsNoNumberStaysNone) {
  for (const int n : {3, 40}) {
    const auto bad = static_cast<size_t>(n / 2);
    Floats x(static_cast<size_t>(n)), up(static_cast<size_t>(n)), out(static_cast<size_t>(n));
    for (const auto span : {x.span(), up.span()}) fill_normal(span, rng);
    x[bad] = std::numeric_limits<float>::quiet_NaN();
    k().gelu_mul(out.data(), x.data(), up.data(), n);
    k().softcap(x.data(), n, 30);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(std::isnan(out[i]), i == bad);
      EXPECT_EQ(std::isnan(x[i]), i == bad);
    }
    k().glu(out.data(), up.data(), x.data(), n);
    EXPECT_TRUE(std::isnan(out[bad]));
    EXPECT_TRUE(std::isnan(k().exp_sum(x.data(), n, 1)));
    EXPECT_TRUE(std::isnan(x[bad]));
  }
}

TEST_P(VectorTest, ElementwiseIsExact) {
  for (const int n : kLengths) {
    Floats x(static_cast<size_t>(n)), y(static_cast<size_t>(n)), out(static_cast<size_t>(n));
    for (const auto span : {x.span(), y.span()}) fill_normal(span, rng);
    k().multiply(out.data(), x.data(), y.data(), n);
    for (size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], x[i] * y[i]);
    const std::vector<float> before(x.begin(), x.end());
    k().add(x.data(), y.data(), n);
    for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], before[i] + y[i]);
    k().scale(x.data(), n, 0.3f);
    for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], (before[i] + y[i]) * 0.3f);
  }
}

TEST_P(VectorTest, AddScaledRoundsOnceOrTwice) {
  for (const int n : kLengths) {
    Floats x(static_cast<size_t>(n)), y(static_cast<size_t>(n));
    for (const auto span : {x.span(), y.span()}) fill_normal(span, rng);
    const std::vector<float> before(x.begin(), x.end());
    k().add_scaled(x.data(), y.data(), n, 0.3f);
    for (size_t i = 0; i < x.size(); ++i) {
      const double product = static_cast<double>(y[i]) * 0.3f, exact = before[i] + product;
      ASSERT_NEAR(x[i], exact, (std::abs(product) + std::abs(exact)) * kUlp * 1.001);
    }
  }
}

TEST_P(VectorTest, AddProductRoundsOnceOrTwice) {
  for (const int n : kLengths) {
    Floats x(static_cast<size_t>(n)), y(static_cast<size_t>(n)), z(static_cast<size_t>(n));
    for (const auto span : {x.span(), y.span(), z.span()}) fill_normal(span, rng);
    const std::vector<float> before(x.begin(), x.end());
    k().add_product(x.data(), y.data(), z.data(), n);
    for (size_t i = 0; i < x.size(); ++i) {
      const double product = static_cast<double>(y[i]) * z[i], exact = before[i] + product;
      ASSERT_NEAR(x[i], exact, (std::abs(product) + std::abs(exact)) * kUlp * 1.001);
    }
  }
}

TEST_P(VectorTest, Clamp) {
  for (const int n : kLengths) {
    Floats x(static_cast<size_t>(n)), out(static_cast<size_t>(n));
    fill_normal(x.span(), rng);
    x[0] = std::numeric_limits<float>::quiet_NaN();
    k().clamp(out.data(), x.data(), n, -0.5f, std::numeric_limits<float>::infinity());
    EXPECT_TRUE(std::isnan(out[0]));
    for (size_t i = 1; i < x.size(); ++i) ASSERT_EQ(out[i], std::max(x[i], -0.5f));
    k().clamp(x.data(), x.data(), n, -0.5f, 0.25f);
    for (size_t i = 1; i < x.size(); ++i) ASSERT_EQ(x[i], std::min(out[i], 0.25f));
  }
}

TEST_P(VectorTest, Glu) {
  const int n = 4001;
  Floats a(n), b(n), out(n);
  fill_normal(a.span(), rng);
  for (int i = 0; i < n; ++i) b[static_cast<size_t>(i)] = static_cast<float>((i - n / 2) * 0.06);
  const std::vector<float> before(b.begin(), b.end());
  k().glu(out.data(), a.data(), b.data(), n);
  for (size_t i = 0; i < out.size(); ++i) {
    // An error of the exponential weighs e / (1 + e), at most 1; where it has reached its end, the result is below
    // 1e-37 |a| in place of something smaller. What is below f32's normal range has a rounding of its own.
    const double exact = a[i] / (1 + std::exp(-double{b[i]}));
    ASSERT_NEAR(out[i], exact,
                std::abs(exact) * (kExpError + 3 * kUlp) + (b[i] < -87 ? std::abs(a[i]) * 1e-37 : 0) + 0x1p-149);
  }
  k().glu(b.data(), b.data(), b.data(), n);  // silu
  for (size_t i = 0; i < b.size(); ++i) {
    const double x = before[i], exact = x / (1 + std::exp(-x));
    ASSERT_NEAR(b[i], exact, std::abs(exact) * (kExpError + 3 * kUlp) + (x < -87 ? std::abs(x) * 1e-37 : 0) + 0x1p-149);
  }
}

TEST_P(VectorTest, LayerNorm) {
  for (const int n : kLengths)
    for (const float middle : {0.0f, 300.0f}) {
      if (n == 1) continue;  // nothing varies
      Floats x(static_cast<size_t>(n)), w(static_cast<size_t>(n)), b(static_cast<size_t>(n)),
          out(static_cast<size_t>(n));
      for (const auto span : {x.span(), w.span(), b.span()}) fill_normal(span, rng);
      for (float& v : x) v += middle;
      double mean = 0, variance = 0;
      for (const float v : x) mean += double{v} / n;
      for (const float v : x) variance += (v - mean) * (v - mean) / n;
      const double factor = 1 / std::sqrt(variance + 1e-6);
      for (const bool shifted : {true, false}) {
        k().layer_norm(out.data(), x.data(), w.data(), shifted ? b.data() : nullptr, n, 1e-6f);
        for (size_t i = 0; i < out.size(); ++i) {
          const double size = std::abs(w[i]) * factor, shift = shifted ? b[i] : 0,
                       exact = (x[i] - mean) * factor * w[i];
          // What is left of the mean, of numbers as large as the deviation, and of the first one's own rounding, which
          // weighs on the squares; a relative error of their sum is halved by the root; six more roundings.
          const double off = size * (n + 8) * kUlp * (1 / factor + std::abs(mean) * (n + 8) * kUlp);
          ASSERT_NEAR(out[i], exact + shift,
                      off + std::abs(exact) * ((n + 8) / 2.0 + 6) * kUlp + std::abs(exact + shift) * kUlp)
              << i << " of " << n << " around " << middle;
        }
      }
      k().layer_norm(x.data(), x.data(), w.data(), nullptr, n, 1e-6f);
      expect_same_bits(x.span(), out.span());
    }
}

TEST_P(VectorTest, MaxWhereverItStands) {
  for (const int n : {1, 2, 7, 8, 9, 16, 17, 40})
    for (int at = 0; at < n; ++at) {
      Floats x(static_cast<size_t>(n));
      for (float& v : x) v = -5 - static_cast<float>(rng() % 100);
      x[static_cast<size_t>(at)] = -4.5f;
      ASSERT_EQ(k().max(x.data(), n), -4.5f) << at << " of " << n;
    }
}

TEST_P(VectorTest, MaxOfWhatIsNoNumberIsNone) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const float rest : {-inf, -1.0f, inf})
    for (const int n : {1, 2, 8, 17, 40, 64})
      for (int at = 0; at < n; ++at) {
        Floats x(static_cast<size_t>(n));
        for (float& v : x) v = rest;
        ASSERT_EQ(k().max(x.data(), n), rest);
        x[static_cast<size_t>(at)] = nan;
        ASSERT_TRUE(std::isnan(k().max(x.data(), n))) << at << " of " << n << " beside " << rest;
      }
}

FACET_EVERY_ISA(VectorTest);

}  // namespace
}  // namespace facet::kernels
