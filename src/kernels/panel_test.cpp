// Products of decoded weights with packed tokens.
#include <cmath>

#include "kernels/kernel_test.h"

namespace facet::kernels {
namespace {

class PanelTest : public IsaTest {
 protected:
  // acc += w x for one tile of tokens; rows of w and tokens lie w_stride and x_stride apart.
  void multiply(const float* w, size_t w_stride, int n_rows, int n, const float* x, size_t x_stride, int n_tokens,
                float* acc) {
    Floats packed(static_cast<size_t>(n) * static_cast<size_t>(k().panel_tokens));
    k().pack_tokens(x, x_stride, n_tokens, n, packed.data());
    k().panel(w, w_stride, n_rows, n, packed.data(), n_tokens, acc);
  }
  size_t acc_floats(int n_rows) const { return static_cast<size_t>(n_rows) * static_cast<size_t>(k().panel_tokens); }
};

TEST_P(PanelTest, PacksColumnsOfTokensAndZeros) {
  const int n = 19, tokens = k().panel_tokens;
  for (int n_tokens = 1; n_tokens <= tokens; ++n_tokens) {
    const size_t stride = 23;
    Floats x(stride * static_cast<size_t>(n_tokens - 1) + n),
        packed(static_cast<size_t>(n) * static_cast<size_t>(tokens));
    fill_normal(x.span(), rng);
    fill_normal(packed.span(), rng);
    k().pack_tokens(x.data(), stride, n_tokens, n, packed.data());
    for (int i = 0; i < n; ++i)
      for (int t = 0; t < tokens; ++t)
        ASSERT_EQ(packed[static_cast<size_t>(i * tokens + t)],
                  t < n_tokens ? x[static_cast<size_t>(t) * stride + static_cast<size_t>(i)] : 0.0f);
  }
}

TEST_P(PanelTest, AddsProductsWithinTheBound) {
  for (const int n : {1, 7, 64, 300})
    for (int n_rows = 1; n_rows <= 2 * k().panel_rows + 1; ++n_rows)
      for (int n_tokens = 1; n_tokens <= k().panel_tokens; n_tokens += 1 + n / 64) {
        const auto w_stride = static_cast<size_t>(n) + 5, x_stride = static_cast<size_t>(n) + 1;
        Floats w(w_stride * static_cast<size_t>(n_rows - 1) + static_cast<size_t>(n)), acc(acc_floats(n_rows));
        Floats x(x_stride * static_cast<size_t>(n_tokens - 1) + static_cast<size_t>(n));
        for (const auto span : {w.span(), x.span(), acc.span()}) fill_normal(span, rng);
        const std::vector<float> before(acc.begin(), acc.end());
        multiply(w.data(), w_stride, n_rows, n, x.data(), x_stride, n_tokens, acc.data());
        for (int r = 0; r < n_rows; ++r)
          for (int t = 0; t < n_tokens; ++t) {
            const auto at = static_cast<size_t>(r * k().panel_tokens + t);
            double exact = before[at], size = std::abs(exact);
            for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
              const double product = static_cast<double>(w[static_cast<size_t>(r) * w_stride + i]) *
                                     x[static_cast<size_t>(t) * x_stride + i];
              exact += product;
              size += std::abs(product);
            }
            ASSERT_NEAR(acc[at], exact, product_bound(n, size)) << n << ' ' << r << '/' << n_rows << ' ' << t;
          }
      }
}

TEST_P(PanelTest, AResultDependsOnItsRowAndTokenAlone) {
  const int n = 40, n_rows = 2 * k().panel_rows + 1, n_tokens = k().panel_tokens;
  Floats w(static_cast<size_t>(n * n_rows)), x(static_cast<size_t>(n * n_tokens)), acc(acc_floats(n_rows));
  for (const auto span : {w.span(), x.span()}) fill_normal(span, rng);
  multiply(w.data(), n, n_rows, n, x.data(), n, n_tokens, acc.data());
  for (int r = 0; r < n_rows; ++r)
    for (int t = 0; t < n_tokens; ++t) {
      Floats one(acc_floats(1));
      multiply(w.data() + r * n, n, 1, n, x.data() + t * n, n, 1, one.data());
      expect_same_bits(one.span().first(1), acc.span().subspan(static_cast<size_t>(r * k().panel_tokens + t), 1));
    }
}

TEST_P(PanelTest, PiecesOfTheDepthGiveTheSameSum) {
  const int n = 96, n_rows = k().panel_rows + 1, n_tokens = k().panel_tokens;
  Floats w(static_cast<size_t>(n * n_rows)), x(static_cast<size_t>(n * n_tokens));
  Floats whole(acc_floats(n_rows)), pieces(acc_floats(n_rows));
  for (const auto span : {w.span(), x.span()}) fill_normal(span, rng);
  multiply(w.data(), n, n_rows, n, x.data(), n, n_tokens, whole.data());
  for (const int begin : {0, 32})
    multiply(w.data() + begin, n, n_rows, begin == 0 ? 32 : n - 32, x.data() + begin, n, n_tokens, pieces.data());
  expect_same_bits(whole.span(), pieces.span());
}

FACET_EVERY_ISA(PanelTest);

}  // namespace
}  // namespace facet::kernels
