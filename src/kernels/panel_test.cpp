// Products of panels of weights with tiles of tokens, for every kind of panel.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>

#include "kernels/kernel_test.h"
#include "quant/test_blocks.h"

namespace facet::kernels {
namespace {

using quant::BlockType;

// A matrix and tokens to multiply it with.
struct PanelProblem {
  BlockType type;
  int n_in, n_rows, n_tokens;
  size_t row_bytes;
  std::deque<Floats> x;  // each ends at an unreadable page
  std::vector<const float*> rows;
  Bytes w;

  PanelProblem(BlockType t, int in, int out, int tokens, std::mt19937& rng)
      : type(t),
        n_in(in),
        n_rows(out),
        n_tokens(tokens),
        row_bytes(quant::row_bytes(t, static_cast<size_t>(in))),
        w(row_bytes * static_cast<size_t>(out)) {
    quant::fill_blocks(type, w.span(), rng);
    for (int i = 0; i < tokens; ++i) {
      fill_normal(x.emplace_back(static_cast<size_t>(in)).span(), rng);
      rows.push_back(x.back().data());
    }
  }
  std::span<const std::byte> weights(int row) const {
    return w.span().subspan(static_cast<size_t>(row) * row_bytes, row_bytes);
  }
};

class PanelTest : public IsaTest {
 protected:
  // Calls check(kind, panels, type) for every kind of panel that the set has, and every format that it takes.
  template <class Check>
  void for_panels(Check&& check) {
    for (size_t kind = 0; kind < kPanelKinds; ++kind) {
      if (k().panels[kind] == nullptr) continue;
      for (const BlockType type : quant::weight_types()) {
        if (!k().panels[kind]->takes(type)) continue;
        SCOPED_TRACE(std::string(quant::block_info(type).name) + " of kind " + std::to_string(kind));
        check(static_cast<PanelKind>(kind), *k().panels[kind], type);
        if (HasFailure()) return;
      }
    }
  }
};

// out[t][r] of some rows and few tokens.
std::vector<float> multiply_few(const PanelKernels& k, const PanelProblem& p, int row, int n_rows, int token,
                                int n_tokens, float factor) {
  std::vector<float> out(static_cast<size_t>(n_rows * n_tokens));
  const size_t n_pieces = static_cast<size_t>((p.n_in + kPanelDepth - 1) / kPanelDepth);
  auto* tile = static_cast<std::byte*>(std::aligned_alloc(64, (n_pieces * k.tile_bytes + 63) / 64 * 64));
  for (int first = 0; first < p.n_in; first += kPanelDepth)
    k.few->pack(p.rows.data() + token, n_tokens, first, std::min(kPanelDepth, p.n_in - first),
                tile + static_cast<size_t>(first / kPanelDepth) * k.tile_bytes);
  k.few->multiply[static_cast<size_t>(p.type)](p.weights(row).data(), p.row_bytes, n_rows,
                                               {tile, k.tile_bytes, p.n_in, n_tokens}, factor, out.data(),
                                               static_cast<size_t>(n_rows));
  std::free(tile);
  return out;
}

// The same of any number of tokens, the depth cut into pieces.
std::vector<float> multiply_panel(const PanelKernels& k, const PanelProblem& p, int row, int n_rows, int token,
                                  int n_tokens, float factor = 1, int depth = kPanelDepth) {
  if (k.is_few(n_tokens)) return multiply_few(k, p, row, n_rows, token, n_tokens, factor);
  std::vector<float> out(static_cast<size_t>(n_rows * n_tokens));
  std::byte* panel =
      static_cast<std::byte*>(std::aligned_alloc(64, (static_cast<size_t>(k.rows) * k.row_bytes + 63) / 64 * 64));
  std::byte* tile = static_cast<std::byte*>(std::aligned_alloc(64, (k.tile_bytes + 63) / 64 * 64));
  const auto n_sums = static_cast<size_t>(k.rows * k.tokens);
  float* acc = static_cast<float*>(std::aligned_alloc(64, n_sums * sizeof(float)));
  std::fill_n(acc, n_sums, 0.0f);
  for (int first = 0; first < p.n_in; first += depth) {
    const int n = std::min(depth, p.n_in - first);
    const PanelFormat& format = k.formats[static_cast<size_t>(p.type)];
    format.unpack(p.weights(row).data() + quant::row_bytes(p.type, static_cast<size_t>(first)), p.row_bytes, n_rows, n,
                  panel);
    k.pack(p.rows.data() + token, n_tokens, first, n, tile);
    format.multiply(panel, n_rows, n, tile, n_tokens, acc);
  }
  k.store(acc, n_rows, n_tokens, factor, out.data(), static_cast<size_t>(n_rows));
  for (void* memory : {static_cast<void*>(panel), static_cast<void*>(tile), static_cast<void*>(acc)}) std::free(memory);
  return out;
}

// y is the product of a row and a token.
void expect_product(PanelKind kind, const PanelProblem& p, int row, int token, double y) {
  const std::vector<float> w = quant::decoded(p.type, p.weights(row)), m = quant::magnitudes(p.type, p.weights(row));
  const float* x = p.rows[static_cast<size_t>(token)];
  double exact = 0, size = 0;
  for (size_t i = 0; i < w.size(); ++i) {
    exact += static_cast<double>(w[i]) * x[i];
    size += std::abs(static_cast<double>(m[i]) * x[i]);
  }
  EXPECT_NEAR(y, exact, product_bound(p.n_in, size) + panel_rounding_bound(kind, x, w))
      << "row " << row << " of " << p.n_rows << ", token " << token << " of " << p.n_tokens << ", length " << p.n_in;
}

TEST_P(PanelTest, ProductsStayWithinTheBound) {
  for_panels([&](PanelKind kind, const PanelKernels& panels, BlockType type) {
    const int block = static_cast<int>(std::max<size_t>(quant::block_info(type).n_elements, kRoundedBlock));
    for (const int n_in : {block, block == 256 ? 2 * block : 11 * block})
      for (const int n_rows : {1, 17, panels.rows})
        for (const int n_tokens : {1, (panels.tokens + 1) / 2, panels.tokens}) {
          const PanelProblem p(type, n_in, n_rows, n_tokens, rng);
          const std::vector<float> y = multiply_panel(panels, p, 0, n_rows, 0, n_tokens, 0.5f);
          for (int r = 0; r < n_rows; r += 3)
            for (int t = 0; t < n_tokens; ++t) {
              expect_product(kind, p, r, t, 2 * y[static_cast<size_t>(t * n_rows + r)]);
              if (HasFailure()) return;
            }
        }
  });
}

// The largest and the least code of every format with the largest activations, where a sum in 16 bits would overflow
// first. Such activations are exact, so nothing hides it.
TEST_P(PanelTest, TheLargestProductsDoNotOverflow) {
  for_panels([&](PanelKind kind, const PanelKernels& panels, BlockType type) {
    if (!rounds_columns(type) || kind == PanelKind::F32) return;
    for (const int code : {0x00, 0x77, 0x7f, 0x80, 0xff}) {
      PanelProblem p(type, 256, 3, std::min(3, panels.tokens), rng);
      quant::fill_equal_codes(type, static_cast<std::byte>(code), p.w.span(), rng);
      for (int t = 0; t < p.n_tokens; ++t)
        for (int i = 0; i < p.n_in; ++i)
          p.x[static_cast<size_t>(t)][static_cast<size_t>(i)] = t == 0 || (t == 2 && i % 4 < 2) ? 3 : -3;
      const std::vector<float> y = multiply_panel(panels, p, 0, p.n_rows, 0, p.n_tokens);
      for (int r = 0; r < p.n_rows; ++r)
        for (int t = 0; t < p.n_tokens; ++t) expect_product(kind, p, r, t, y[static_cast<size_t>(t * p.n_rows + r)]);
    }
  });
}

TEST_P(PanelTest, AResultDependsOnItsRowAndTokenAlone) {
  for_panels([&](PanelKind, const PanelKernels& panels, BlockType type) {
    const auto block = static_cast<int>(quant::block_info(type).n_elements);
    const int n_in = kPanelDepth + (block > 64 ? block : 96 / block * block);
    const PanelProblem p(type, n_in, panels.rows, panels.tokens, rng);
    const std::vector<float> all = multiply_panel(panels, p, 0, p.n_rows, 0, p.n_tokens, 0.7f);
    for (const auto& [n_rows, n_tokens] : {std::pair{1, 1}, {13, 2}, {8, 8}, {5, 9}})
      for (int r = 0; r + n_rows <= p.n_rows; r += 19)
        for (int t = 0; t + n_tokens <= p.n_tokens; t += 11) {
          const std::vector<float> part = multiply_panel(panels, p, r, n_rows, t, n_tokens, 0.7f);
          for (int i = 0; i < n_tokens; ++i)
            expect_same_bits(
                std::span(part).subspan(static_cast<size_t>(i * n_rows), static_cast<size_t>(n_rows)),
                std::span(all).subspan(static_cast<size_t>((t + i) * p.n_rows + r), static_cast<size_t>(n_rows)));
        }
  });
}

TEST_P(PanelTest, PiecesOfTheDepthGiveTheSameSum) {
  for_panels([&](PanelKind, const PanelKernels& panels, BlockType type) {
    const PanelProblem p(type, 1024, 7, panels.tokens, rng);
    expect_same_bits(multiply_panel(panels, p, 0, 7, 0, p.n_tokens),
                     multiply_panel(panels, p, 0, 7, 0, p.n_tokens, 1, 256));
  });
}

TEST_P(PanelTest, WhatIsNoNumberStaysInItsToken) {
  for_panels([&](PanelKind, const PanelKernels& panels, BlockType type) {
    PanelProblem p(type, 256, 9, std::min(3, panels.tokens), rng);
    const std::vector<float> before = multiply_panel(panels, p, 0, 9, 0, p.n_tokens);
    for (const float odd : {NAN, INFINITY}) {
      p.x[0][77] = odd;
      const std::vector<float> y = multiply_panel(panels, p, 0, 9, 0, p.n_tokens);
      for (size_t i = 0; i < y.size(); ++i) {
        if (i < 9)
          EXPECT_FALSE(std::isfinite(y[i])) << i;
        else
          EXPECT_EQ(y[i], before[i]) << i;
      }
    }
  });
}

// What the steps of a kind's peak come to, by plain arithmetic; exact for a few of them.
double sum_of_floats(int n_lanes, int n_steps) {
  double sum = 0;
  for (int chain = 0; chain < kPeakChains; ++chain) {
    double x = chain;
    for (int i = 0; i < n_steps; ++i) x = x / 2 + 0.25;
    sum += n_lanes * x;
  }
  return sum;
}
double sum_of_pairs(int n_lanes, int n_steps) {
  double sum = 0;
  for (int lane = 0; lane < n_lanes; ++lane) {
    const int32_t low = 2 * lane, high = 2 * lane + 1;
    int32_t x = high << 16 | low;
    for (int i = 0; i < n_steps; ++i) x += static_cast<int16_t>(x) * low + (x >> 16) * high;
    sum += x;
  }
  return kPeakChains * sum;
}
double sum_of_fours(int n_lanes, int n_steps) {
  double sum = 0;
  for (int i = 0; i < 4 * n_lanes; ++i) sum += (i % 7) * (i % 7);
  return kPeakChains * n_steps * sum;
}

// If the compiler dropped steps, the ceiling that products are compared with would be a fantasy.
TEST_P(PanelTest, AllStepsOfThePeakAreDone) {
  for (const int n : {0, 1, 2}) {
    const auto of = [&](PanelKind kind) { return k().panels[static_cast<size_t>(kind)]; };
    const PanelKernels& floats = k().panels_of(PanelKind::F32);
    EXPECT_EQ(floats.peak(n), sum_of_floats(floats.peak_operations / (2 * kPeakChains), n));
    if (const PanelKernels* pairs = of(PanelKind::Int16); pairs != nullptr) {
      const double sum = sum_of_pairs(pairs->peak_operations / (4 * kPeakChains), n);
      EXPECT_NEAR(pairs->peak(n), sum, 1e-6 * sum);
    }
    if (const PanelKernels* fours = of(PanelKind::Int8); fours != nullptr) {
      EXPECT_EQ(fours->peak(n), sum_of_fours(fours->peak_operations / (8 * kPeakChains), n));
    }
    if (const PanelKernels* tiles = of(PanelKind::BF16); tiles != nullptr) {
      EXPECT_EQ(tiles->peak(n), 4 * 32 * n);  // of ones, 32 deep
    }
  }
}

FACET_EVERY_ISA(PanelTest);
INSTANTIATE_TEST_SUITE_P(Panels, PanelTest, testing::ValuesIn(emulated_panel_sets()), isa_name);

}  // namespace
}  // namespace facet::kernels
