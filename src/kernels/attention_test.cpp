// Scores, weighted sums of values and rounding, for every element type of the cache.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/half.h"
#include "kernels/kernel_test.h"

namespace facet::kernels {
namespace {

using quant::KvType;

constexpr KvType kNumbers[] = {KvType::F32, KvType::F16, KvType::BF16};
constexpr KvType kTypes[] = {KvType::F32, KvType::F16, KvType::BF16, KvType::Q8_0};

int block_elements(KvType type) { return static_cast<int>(quant::block_info(quant::block_type(type)).n_elements); }

std::vector<float> decoded(KvType type, const std::byte* row, int n) {
  std::vector<float> x(static_cast<size_t>(n));
  quant::decode_row(quant::block_type(type), row, x.data(), x.size());
  return x;
}

// Random keys and values, rows further apart than they are long, ending at an unreadable page.
struct Cache {
  KvType type;
  Bytes k, v;
  AttentionTile tile;

  Cache(const Kernels& kernels, KvType f, int n_tokens, int head_dim, std::mt19937& rng)
      : type(f), k(n_bytes(f, n_tokens, head_dim)), v(n_bytes(f, n_tokens, head_dim)) {
    tile = {k.data(), v.data(), row_bytes(f, head_dim), n_tokens, head_dim};
    std::vector<float> row(static_cast<size_t>(head_dim));
    for (const Bytes* side : {&k, &v})
      for (int t = 0; t < n_tokens; ++t) {
        std::byte* const at = side->data() + static_cast<size_t>(t) * tile.row_bytes;
        fill_normal(row, rng);
        kernels.store[static_cast<size_t>(f)](at, row.data(), head_dim);
        const std::vector<float> values = decoded(type, at, head_dim);
        auto& all = side == &k ? keys : rows_of_values;
        all.insert(all.end(), values.begin(), values.end());
      }
  }

  double key(int t, int i) const { return keys[static_cast<size_t>(t * tile.head_dim + i)]; }
  double value(int t, int i) const { return rows_of_values[static_cast<size_t>(t * tile.head_dim + i)]; }

 private:
  static constexpr size_t kGap = 4;
  static size_t row_bytes(KvType f, int head_dim) { return quant::kv_row_bytes(f, head_dim) + kGap; }
  static size_t n_bytes(KvType f, int n_tokens, int head_dim) {
    return row_bytes(f, head_dim) * static_cast<size_t>(n_tokens) - kGap;
  }

  std::vector<float> keys, rows_of_values;
};

class AttentionTest : public IsaTest {
 protected:
  // Calls check(cache, n_queries) for all types and for shapes around vectors, tiles and groups of queries.
  template <class Check>
  void for_shapes(Check&& check) {
    for (const KvType type : kTypes)
      for (const int head_dim : {2, 30, 32, 64, 256}) {
        if (head_dim % block_elements(type) != 0) continue;
        for (const int n_tokens : {1, 3, 4, 9, 63, 64})
          for (const int n_queries : {1, 2, 3, 4, 5, 8, 9}) {
            check(Cache(k(), type, n_tokens, head_dim, rng), n_queries);
            if (HasFatalFailure()) return;
          }
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
    const auto kernel = k().scores[static_cast<size_t>(cache.type)];
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
    const auto kernel = k().accumulate[static_cast<size_t>(cache.type)];
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
  for (const KvType type : kNumbers)
    for (const size_t n : {size_t{1}, size_t{15}, x.size()}) {
      Bytes out(quant::kv_row_bytes(type, static_cast<int>(n)));
      k().store[static_cast<size_t>(type)](out.data(), x.data(), static_cast<int>(n));
      const std::vector<float> stored = decoded(type, out.data(), static_cast<int>(n));
      for (size_t i = 0; i < n; ++i) {
        const float got = stored[i];
        const float expected = type == KvType::F32   ? x[i]
                               : type == KvType::F16 ? f16_to_f32(f32_to_f16(x[i]))
                                                     : bf16_to_f32(f32_to_bf16(x[i]));
        if (std::isnan(expected))
          EXPECT_TRUE(std::isnan(got));
        else
          EXPECT_EQ(std::memcmp(&got, &expected, sizeof got), 0) << got << " for " << x[i];
      }
    }
}

// A code is the nearest to x / scale (0.5 ulp of f32 more, for the division's and the product's rounding), and within
// 127 of 0: that costs more only where the scale is a subnormal f16, which is off by up to 2^-25.
TEST_P(AttentionTest, StoresBlocksToTheNearestCode) {
  for (const float size : {1.0f, 100.0f, 1e5f, 1e-4f, 1e-6f, 0.0f}) {
    std::vector<float> x(96);
    fill_normal(x, rng);
    for (float& value : x) value *= size;
    Bytes out(quant::kv_row_bytes(KvType::Q8_0, 96));
    k().store[static_cast<size_t>(KvType::Q8_0)](out.data(), x.data(), 96);
    const std::vector<float> stored = decoded(KvType::Q8_0, out.data(), 96);
    for (size_t i = 0; i < x.size(); ++i) {
      float largest = 0;
      for (size_t j = i / 32 * 32; j < i / 32 * 32 + 32; ++j) largest = std::max(largest, std::abs(x[j]));
      const double scale = f16_to_f32(f32_to_f16(largest / 127));
      EXPECT_LE(std::abs(double{stored[i]} - x[i]), scale * 0.50001 + 127 * 0x1p-25) << x[i] << " of " << largest;
    }
  }
}

TEST_P(AttentionTest, StoresABlockWithNoNumberAsNone) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {inf, -inf, nan})
    for (const size_t at : {size_t{32}, size_t{47}, size_t{63}}) {
      std::vector<float> x(96);
      fill_normal(x, rng);
      x[at] = bad;
      Bytes out(quant::kv_row_bytes(KvType::Q8_0, 96));
      k().store[static_cast<size_t>(KvType::Q8_0)](out.data(), x.data(), 96);
      const std::vector<float> stored = decoded(KvType::Q8_0, out.data(), 96);
      for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(std::isnan(stored[i]), i / 32 == 1) << i;
    }
}

FACET_EVERY_ISA(AttentionTest);

}  // namespace
}  // namespace facet::kernels
