// Scores, weighted sums of values and rounding, for every element type of the cache.
#include <cmath>
#include <limits>

#include "base/half.h"
#include "kernels/kernel_test.h"

namespace facet::kernels {
namespace {

constexpr FloatType kFormats[] = {FloatType::F32, FloatType::F16, FloatType::BF16};

size_t element_bytes(FloatType format) { return format == FloatType::F32 ? 4 : 2; }

float load(FloatType format, const std::byte* p) {
  if (format == FloatType::F32) {
    float f;
    std::memcpy(&f, p, sizeof f);
    return f;
  }
  uint16_t h;
  std::memcpy(&h, p, sizeof h);
  return format == FloatType::F16 ? f16_to_f32(h) : bf16_to_f32(h);
}

// Random keys and values, rows further apart than they are long, ending at an unreadable page.
struct Cache {
  FloatType format;
  Bytes k, v;
  AttentionTile tile;

  Cache(const Kernels& kernels, FloatType f, int n_tokens, int head_dim, std::mt19937& rng)
      : format(f), k(n_bytes(f, n_tokens, head_dim)), v(n_bytes(f, n_tokens, head_dim)) {
    tile = {k.data(), v.data(), row_bytes(f, head_dim), n_tokens, head_dim};
    std::vector<float> row(static_cast<size_t>(head_dim));
    for (const Bytes* side : {&k, &v})
      for (int t = 0; t < n_tokens; ++t) {
        fill_normal(row, rng);
        kernels.store[static_cast<size_t>(f)](side->data() + static_cast<size_t>(t) * tile.row_bytes, row.data(),
                                              head_dim);
      }
  }

  double key(int t, int i) const { return at(k, t, i); }
  double value(int t, int i) const { return at(v, t, i); }

 private:
  static size_t row_bytes(FloatType f, int head_dim) { return (static_cast<size_t>(head_dim) + 2) * element_bytes(f); }
  static size_t n_bytes(FloatType f, int n_tokens, int head_dim) {
    return row_bytes(f, head_dim) * static_cast<size_t>(n_tokens) - 2 * element_bytes(f);
  }
  double at(const Bytes& side, int t, int i) const {
    return load(format,
                side.data() + static_cast<size_t>(t) * tile.row_bytes + static_cast<size_t>(i) * element_bytes(format));
  }
};

class AttentionTest : public IsaTest {
 protected:
  // Calls check(cache, n_queries) for all formats and for shapes around vectors, tiles and groups of queries.
  template <class Check>
  void for_shapes(Check&& check) {
    for (const FloatType format : kFormats)
      for (const int head_dim : {2, 30, 32, 64, 256})
        for (const int n_tokens : {1, 3, 4, 9, 63, 64})
          for (const int n_queries : {1, 2, 3, 4, 5, 8, 9}) {
            check(Cache(k(), format, n_tokens, head_dim, rng), n_queries);
            if (HasFatalFailure()) return;
          }
  }
};

// n rows of `width` floats and the pointers to them.
struct Rows {
  Floats data;
  std::vector<float*> at;
  Rows(int n, int width, std::mt19937& rng) : data(static_cast<size_t>(n) * static_cast<size_t>(width)) {
    fill_normal(data.span(), rng);
    for (int i = 0; i < n; ++i) at.push_back(data.data() + i * width);
  }
};

TEST_P(AttentionTest, ScoresStayWithinTheBound) {
  for_shapes([&](const Cache& cache, int n_queries) {
    const int d = cache.tile.head_dim;
    const Rows q(n_queries, d, rng);
    std::vector<float> scores(static_cast<size_t>(n_queries * kTileTokens), -7.0f);
    const auto kernel = k().scores[static_cast<size_t>(cache.format)];
    kernel(cache.tile, q.at.data(), n_queries, scores.data());
    for (int i = 0; i < n_queries; ++i) {
      for (int t = 0; t < cache.tile.n_tokens; ++t) {
        double exact = 0, size = 0;
        for (int c = 0; c < d; ++c) {
          exact += q.at[static_cast<size_t>(i)][c] * cache.key(t, c);
          size += std::abs(q.at[static_cast<size_t>(i)][c] * cache.key(t, c));
        }
        ASSERT_NEAR(scores[static_cast<size_t>(i * kTileTokens + t)], exact, product_bound(d, size));
      }
      std::vector<float> alone(kTileTokens, -7.0f);
      kernel(cache.tile, q.at.data() + i, 1, alone.data());
      expect_same_bits(alone, std::span(scores).subspan(static_cast<size_t>(i * kTileTokens), kTileTokens));
    }
  });
}

TEST_P(AttentionTest, AccumulatesWithinTheBound) {
  for_shapes([&](const Cache& cache, int n_queries) {
    const int d = cache.tile.head_dim, n = cache.tile.n_tokens;
    const Rows p(n_queries, kTileTokens, rng);
    const Rows out(n_queries, d, rng);
    const std::vector<float> before(out.data.begin(), out.data.end());
    const auto kernel = k().accumulate[static_cast<size_t>(cache.format)];
    kernel(cache.tile, p.data.data(), n_queries, out.at.data());
    for (int i = 0; i < n_queries; ++i) {
      std::vector<float> alone(before.begin() + i * d, before.begin() + (i + 1) * d);
      for (int c = 0; c < d; ++c) {
        double exact = alone[static_cast<size_t>(c)], size = std::abs(exact);
        for (int t = 0; t < n; ++t) {
          exact += p.at[static_cast<size_t>(i)][t] * cache.value(t, c);
          size += std::abs(p.at[static_cast<size_t>(i)][t] * cache.value(t, c));
        }
        ASSERT_NEAR(out.at[static_cast<size_t>(i)][c], exact, product_bound(n, size));
      }
      float* const one[] = {alone.data()};
      kernel(cache.tile, p.at[static_cast<size_t>(i)], 1, one);
      expect_same_bits(alone, out.data.span().subspan(static_cast<size_t>(i * d), static_cast<size_t>(d)));
    }
  });
}

TEST_P(AttentionTest, StoresRoundToNearestEven) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x{0.0f,     -0.0f,    inf,      -inf,       nan,        65504,      65519.99f, 65520,     -1e30f,
                       0x1p-14f, 0x1p-24f, 0x1p-25f, 0x1.8p-24f, 0x1.004p0f, 0x1.00cp0f, 0x1.01p0f, 0x1.03p0f, 3e38f};
  while (x.size() < 4099)
    x.push_back(std::ldexp(static_cast<float>(rng()) - 0x1p31f, -40 - static_cast<int>(rng() % 30)));
  for (const FloatType format : kFormats)
    for (const size_t n : {size_t{1}, size_t{15}, x.size()}) {
      Bytes out(n * element_bytes(format));
      k().store[static_cast<size_t>(format)](out.data(), x.data(), static_cast<int>(n));
      for (size_t i = 0; i < n; ++i) {
        const float got = load(format, out.data() + i * element_bytes(format));
        const float expected = format == FloatType::F32   ? x[i]
                               : format == FloatType::F16 ? f16_to_f32(f32_to_f16(x[i]))
                                                          : bf16_to_f32(f32_to_bf16(x[i]));
        if (std::isnan(expected))
          EXPECT_TRUE(std::isnan(got));
        else
          EXPECT_EQ(std::memcmp(&got, &expected, sizeof got), 0) << got << " for " << x[i];
      }
    }
}

FACET_EVERY_ISA(AttentionTest);

}  // namespace
}  // namespace facet::kernels
