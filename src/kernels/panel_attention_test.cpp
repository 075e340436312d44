// The softmax down the lanes and products of values with its weights, for every kind of panel that has them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/kernel_test.h"

namespace facet::kernels {
namespace {

using quant::KvType;

constexpr float kHidden = -std::numeric_limits<float>::infinity();
constexpr int kKeys = 100;  // a whole panel, and a part of one

// Values of a cache, rows further apart than they are long, ending at an unreadable page. The first ones are none, and
// belong to no key.
struct Values {
  static constexpr int kFirst = 3;
  KvType type;
  int n_columns;
  size_t row_bytes;
  Bytes memory;
  std::vector<float> at;  // [kKeys][n_columns]

  Values(const Kernels& k, KvType t, int columns, std::mt19937& rng)
      : type(t),
        n_columns(columns),
        row_bytes(quant::kv_row_bytes(t, columns) + 6),
        memory(row_bytes * kKeys - 6),
        at(static_cast<size_t>(kKeys * columns)) {
    std::vector<float> row(static_cast<size_t>(columns));
    for (int i = 0; i < kKeys; ++i) {
      fill_normal(row, rng);
      if (i < kFirst) row.assign(row.size(), std::numeric_limits<float>::quiet_NaN());
      k.store[static_cast<size_t>(t)](memory.data() + static_cast<size_t>(i) * row_bytes, row.data(), columns);
      quant::decode_row(quant::block_type(t), memory.data() + static_cast<size_t>(i) * row_bytes,
                        at.data() + static_cast<size_t>(i * columns), row.size());
    }
  }
};

// n of 64 bytes each, for T.
template <class T>
struct Aligned {
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> lines;
  explicit Aligned(size_t n_bytes) : lines((n_bytes + 63) / 64) {}
  T* data() { return reinterpret_cast<T*>(lines.data()); }
};

// What some steps of the softmax over scores [keys][tokens] leave behind.
struct Outcome {
  std::vector<float> top, total, sums;  // sums: [n_columns][tokens]
};

// Steps of keys that end at `ends`, the first one beginning at `begin`.
Outcome attend(const PanelKernels& p, const Values& v, std::span<const float> scores, int n_tokens, float scale,
               int begin, const std::vector<int>& ends) {
  const auto tokens = static_cast<size_t>(p.tokens);
  const PanelAttention& a = p.attention;
  Aligned<std::byte> panel(kTileTokens * p.row_bytes), tile(p.tile_bytes);
  Aligned<float> work(2 * kTileTokens * tokens * sizeof(float)), sums(kTileTokens * tokens * sizeof(float)),
      state(3 * tokens * sizeof(float));
  std::copy(scores.begin(), scores.end(), work.data());
  float *top = state.data(), *total = top + tokens, *factor = total + tokens;
  std::fill_n(top, tokens, kNoScore);
  for (int at = 0; at < kKeys; at += kTileTokens)
    a.unpack_columns[static_cast<size_t>(v.type)](v.memory.data() + static_cast<size_t>(at) * v.row_bytes, v.row_bytes,
                                                  std::max(0, Values::kFirst - at), std::min(kTileTokens, kKeys - at),
                                                  v.n_columns, panel.data() + static_cast<size_t>(at) * a.panel_bytes);
  for (const int end : ends) {
    float* from = work.data() + static_cast<size_t>(begin) * tokens;
    std::byte* weights = a.weighs_in_place ? reinterpret_cast<std::byte*>(work.data()) : tile.data();
    weights += static_cast<size_t>(begin) * a.tile_bytes;
    a.weigh(from, end - begin, n_tokens, scale, top, total, factor, weights);
    a.rescale(sums.data(), v.n_columns, n_tokens, factor);
    p.formats[static_cast<size_t>(quant::block_type(v.type))].multiply(
        panel.data() + static_cast<size_t>(begin) * a.panel_bytes, v.n_columns, end - begin, weights, n_tokens,
        sums.data());
    begin = end;
  }
  return {{top, top + tokens},
          {total, total + tokens},
          {sums.data(), sums.data() + static_cast<size_t>(v.n_columns) * tokens}};
}

class PanelAttentionTest : public IsaTest {
 protected:
  // Calls check(panels, values, scores) for every kind, type and number of columns.
  template <class Check>
  void for_cases(Check&& check) {
    for (const PanelKernels* panels : k().panels) {
      if (panels == nullptr || panels->attention.weigh == nullptr) continue;
      for (const KvType type : {KvType::F32, KvType::F16, KvType::BF16, KvType::Q8_0})
        for (const int n_columns : {2, 34, 64}) {
          if (!panels->takes(quant::block_type(type)) || (type == KvType::Q8_0 && n_columns != 64)) continue;
          check(*panels, Values(k(), type, n_columns, rng), random_scores(*panels));
          if (HasFailure()) return;
        }
    }
  }

  // Of two panels of keys; token t sees [Values::kFirst + t % 3, kKeys - t % 5).
  std::vector<float> random_scores(const PanelKernels& panels) {
    std::vector<float> s(static_cast<size_t>(2 * kTileTokens * panels.tokens));
    fill_normal(s, rng);
    for (int i = 0; i < 2 * kTileTokens; ++i)
      for (int t = 0; t < panels.tokens; ++t)
        if (i < Values::kFirst + t % 3 || i >= kKeys - t % 5) s[static_cast<size_t>(i * panels.tokens + t)] = kHidden;
    return s;
  }
};

// Weights are off by their exp and its argument's rounding, and by bf16's where the kind rounds; numerator and sum add
// up as many products.
TEST_P(PanelAttentionTest, ValuesAddUpByTheirWeights) {
  for_cases([&](const PanelKernels& p, const Values& v, const std::vector<float>& scores) {
    const int end = (kKeys + p.attention.step - 1) / p.attention.step * p.attention.step;
    const float scale = 0.75f;
    for (const auto& [begin, ends] :
         {std::pair<int, std::vector<int>>{0, {end}}, {0, {kTileTokens, end}}, {kTileTokens, {end}}})
      for (const int n_tokens : {1, p.tokens}) {
        const Outcome got = attend(p, v, scores, n_tokens, scale, begin, ends);
        for (int t = 0; t < n_tokens; ++t) {
          const auto score = [&](int i) { return double{scores[static_cast<size_t>(i * p.tokens + t)]} * scale; };
          double top = kHidden, total = 0, largest = 0;
          for (int i = begin; i < kKeys; ++i) top = std::max(top, score(i));
          for (int i = begin; i < kKeys; ++i) {
            total += std::exp(score(i) - top);
            if (score(i) > kHidden) largest = std::max(largest, std::abs(score(i)));
          }
          const double weight_error = 2 * (kExpError + 4 * largest * 0x1p-24) + 3 * 0x1p-24;
          ASSERT_NEAR(got.top[static_cast<size_t>(t)], top, std::abs(top) * 0x1p-24);
          ASSERT_NEAR(got.total[static_cast<size_t>(t)], total, total * (weight_error + kKeys * 0x1p-24));
          for (int c = 0; c < v.n_columns; ++c) {
            double exact = 0, size = 0;
            for (int i = std::max(begin, Values::kFirst); i < kKeys; ++i) {
              const double product = std::exp(score(i) - top) * v.at[static_cast<size_t>(i * v.n_columns + c)];
              exact += product;
              size += std::abs(product);
            }
            const double rounding = p.attention.weighs_in_place ? 0 : 2 * kBf16Error + kBf16Error * kBf16Error;
            ASSERT_NEAR(got.sums[static_cast<size_t>(c * p.tokens + t)], exact,
                        size * (weight_error + rounding) + product_bound(kKeys, size))
                << "column " << c << " of " << v.n_columns << ", token " << t << " of " << n_tokens;
          }
        }
      }
  });
}

TEST_P(PanelAttentionTest, AQueryDependsOnItselfAlone) {
  for_cases([&](const PanelKernels& p, const Values& v, const std::vector<float>& scores) {
    const int end = (kKeys + p.attention.step - 1) / p.attention.step * p.attention.step;
    const Outcome all = attend(p, v, scores, p.tokens, 1, 0, {kTileTokens, end});
    for (int t = 0; t < p.tokens; t += 5) {
      std::vector<float> moved(scores.size());
      for (size_t i = 0; i < scores.size(); i += static_cast<size_t>(p.tokens))
        moved[i] = scores[i + static_cast<size_t>(t)];
      const Outcome one = attend(p, v, moved, 1, 1, 0, {kTileTokens, end});
      EXPECT_EQ(one.top[0], all.top[static_cast<size_t>(t)]);
      EXPECT_EQ(one.total[0], all.total[static_cast<size_t>(t)]);
      for (size_t c = 0; c < one.sums.size(); c += static_cast<size_t>(p.tokens))
        ASSERT_EQ(one.sums[c], all.sums[c + static_cast<size_t>(t)]);
    }
  });
}

// Keys that a query does not see change nothing, whether they come alone or with others.
TEST_P(PanelAttentionTest, WhatIsHiddenChangesNothing) {
  for_cases([&](const PanelKernels& p, const Values& v, std::vector<float> scores) {
    std::fill_n(scores.begin(), kTileTokens * p.tokens, kHidden);
    const int end = (kKeys + p.attention.step - 1) / p.attention.step * p.attention.step;
    const Outcome without = attend(p, v, scores, p.tokens, 1, kTileTokens, {end});
    for (const Outcome& with :
         {attend(p, v, scores, p.tokens, 1, 0, {end}), attend(p, v, scores, p.tokens, 1, 0, {kTileTokens, end})}) {
      expect_same_bits(with.top, without.top);
      expect_same_bits(with.total, without.total);
      expect_same_bits(with.sums, without.sums);
    }
    std::fill(scores.begin(), scores.end(), kHidden);
    const Outcome nothing = attend(p, v, scores, p.tokens, 1, 0, {end});
    for (const float top : nothing.top) EXPECT_EQ(top, kNoScore);
    for (const float total : nothing.total) EXPECT_EQ(total, 0);
    for (const float sum : nothing.sums) EXPECT_EQ(sum, 0);
  });
}

TEST_P(PanelAttentionTest, WhatIsNoNumberShowsInItsTotal) {
  for_cases([&](const PanelKernels& p, const Values& v, const std::vector<float>& scores) {
    const int end = (kKeys + p.attention.step - 1) / p.attention.step * p.attention.step;
    const Outcome before = attend(p, v, scores, p.tokens, 1, 0, {kTileTokens, end});
    for (const int key : {7, kTileTokens - 1, kKeys - 5})
      for (const float odd : {NAN, INFINITY}) {
        std::vector<float> bad = scores;
        bad[static_cast<size_t>(key * p.tokens + 1)] = odd;
        const Outcome after = attend(p, v, bad, p.tokens, 1, 0, {kTileTokens, end});
        for (size_t t = 0; t < before.total.size(); ++t) {
          if (t == 1)
            EXPECT_TRUE(std::isnan(after.total[t])) << key;
          else
            EXPECT_EQ(after.total[t], before.total[t]) << key;
        }
      }
  });
}

FACET_EVERY_ISA(PanelAttentionTest);

}  // namespace
}  // namespace facet::kernels
