// The cache and attention over it, on the CPU against the reference.
#include <cmath>
#include <limits>

#include "ops/backends_test.h"

namespace facet::ops {
namespace {

constexpr KvType kKvTypes[] = {KvType::F32, KvType::F16, KvType::BF16, KvType::Q8_0};

bool is_storable(KvType type, int head_dim) {
  return head_dim % static_cast<int>(quant::block_info(quant::block_type(type)).n_elements) == 0;
}

// Pages in an order of their own, filled by store_kv.
struct Cache {
  std::vector<std::vector<std::byte>> memory;
  std::vector<std::byte*> pages;
  KvView view;

  Cache(KvType type, int n_heads, int head_dim, int n_tokens) {
    const size_t half = static_cast<size_t>(n_heads * kPageTokens) * quant::kv_row_bytes(type, head_dim);
    const auto n_pages = static_cast<size_t>((n_tokens + kPageTokens - 1) / kPageTokens);
    memory.assign(n_pages, std::vector<std::byte>(2 * half));
    for (size_t p = 0; p < n_pages; ++p) pages.push_back(memory[(p * 7 + 3) % n_pages].data());
    if (n_pages % 7 == 0)
      for (size_t p = 0; p < n_pages; ++p) pages[p] = memory[p].data();
    view = {pages.data(), kPageTokens, type, n_heads, head_dim, 0, half};
  }
};

std::vector<int> range(int begin, int n) {
  std::vector<int> out;
  for (int i = 0; i < n; ++i) out.push_back(begin + i);
  return out;
}

struct Shape {
  int n_kv_heads, group, head_dim, depth, window;
};

class AttentionOpTest : public BackendTest {
 protected:
  static bool has_tiles() {
    return GetParam().kernels->panels[static_cast<size_t>(kernels::PanelKind::BF16)] != nullptr;
  }
};

TEST_P(AttentionOpTest, StoreWritesTheSameBytes) {
  for (const KvType type : kKvTypes) {
    const int n_heads = 2, head_dim = is_storable(type, 34) ? 34 : 64, n_tokens = 130;
    const Matrix k(n_tokens, n_heads * head_dim, rng), v(n_tokens, n_heads * head_dim, rng);
    Cache a(type, n_heads, head_dim, 200), b(type, n_heads, head_dim, 200), c(type, n_heads, head_dim, 200);
    ref.store_kv(a.view, range(50, n_tokens), k, v);
    cpu.store_kv(b.view, range(50, n_tokens), k, v);
    cpu3.store_kv(c.view, range(50, n_tokens), k, v);
    EXPECT_EQ(a.memory, b.memory);
    EXPECT_EQ(a.memory, c.memory);
  }
}

// A filled cache, and the same with the values' magnitudes, which gives sum p |v|.
struct Filled {
  Cache cache, magnitudes;
  double longest_key = 0;

  Filled(ref::Ops& ref, KvType type, const Shape& s, std::mt19937& rng)
      : cache(type, s.n_kv_heads, s.head_dim, s.depth), magnitudes(type, s.n_kv_heads, s.head_dim, s.depth) {
    const Matrix k(s.depth, s.n_kv_heads * s.head_dim, rng);
    Matrix v(s.depth, s.n_kv_heads * s.head_dim, rng);
    ref.store_kv(cache.view, range(0, s.depth), k, v);
    for (int t = 0; t < s.depth; ++t)
      for (int c = 0; c < v.cols(); ++c) v.row(t)[c] = std::abs(v.row(t)[c]);
    ref.store_kv(magnitudes.view, range(0, s.depth), k, v);
    for (int t = 0; t < s.depth; ++t)
      for (int h = 0; h < s.n_kv_heads; ++h)
        longest_key = std::max(longest_key, length(k.row(t) + h * s.head_dim, s.head_dim));
  }

  static double length(const float* x, int n) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * x[i];
    return std::sqrt(sum);
  }
};

constexpr Shape kShapes[] = {{1, 8, 64, 5, 0},      {2, 1, 72, 150, 0},   {2, 1, 32, 70, 0},
                             {1, 4, 34, 700, 0},    {2, 2, 64, 1300, 0},  {1, 2, 64, 200, 16},
                             {1, 8, 256, 600, 512}, {2, 3, 32, 700, 100}, {1, 256, 2, 70, 0}};

TEST_P(AttentionOpTest, AgreesWithTheReference) {
  for (const KvType type : kKvTypes)
    for (const Shape& s : kShapes)
      for (const int rows : {1, 2, 5, 9}) {
        if (rows > s.depth || !is_storable(type, s.head_dim)) continue;
        const Filled f(ref, type, s, rng);
        const Matrix q(rows, s.n_kv_heads * s.group * s.head_dim, rng);
        const std::vector<int> positions = range(s.depth - rows, rows);
        // Where tiles of bf16 are taken, keys, queries, weights and values are rounded; scores are small enough for the
        // bound to say something.
        const bool is_rounded = rows > kDecodeRows && type != KvType::F32 && has_tiles();
        const double rounding = is_rounded ? kernels::kBf16Error * (2 + double{kernels::kBf16Error}) : 0;
        const AttnSpec spec{positions, s.window, is_rounded ? 0.01f : 0.125f, {}};
        Matrix weighted(rows, q.cols());
        ref.attention(weighted, q, f.magnitudes.view, spec);
        compare(
            Matrix(rows, q.cols()), [&](Ops& op, Matrix& out) { op.attention(out, q, f.cache.view, spec); },
            [&](int r, int c) {
              // Scores are off by their products' roundings, so weights by a factor that close to 1, numerator and sum
              // alike; then one exp, and rescaling at each of the tiles and spans; then a sum over the keys.
              const double query = Filled::length(q.row(r) + c / s.head_dim * s.head_dim, s.head_dim);
              const double score_error = product_bound(s.head_dim, query * f.longest_key * spec.scale) +
                                         query * f.longest_key * spec.scale * rounding;
              const int n_tiles = s.depth / kernels::kTileTokens + s.depth / 512 + 3;
              const double weight_error = std::expm1(2 * score_error) + (n_tiles + 1) * (kernels::kExpError + 2 * kUlp);
              return weighted.at(r, c) * (2 * weight_error + 2 * (s.depth + 8) * kUlp + rounding);
            });
        if (HasFailure()) return;
      }
}

// What is rounded anyway loses nothing in a cache of 16 bits; where nothing is rounded, the cache rounds nothing.
TEST_P(AttentionOpTest, KeysForOneCallAreRoundedWhereTilesRoundThem) {
  EXPECT_EQ(cpu.passing_kv_type(), has_tiles() ? KvType::F16 : KvType::F32);
  EXPECT_EQ(ref.passing_kv_type(), KvType::F32);
  ThreadPool one(1);
  EXPECT_EQ(cpu::Ops(one, *GetParam().kernels, Activations::F32).passing_kv_type(), KvType::F32);
}

// As products, steps of up to kDecodeRows rows are one class and larger ones another: within a class a row's result is
// its own, whatever the rows beside it.
TEST_P(AttentionOpTest, ARowDependsOnItselfAlone) {
  constexpr int kMost = 37;
  for (const KvType type : {KvType::F32, KvType::BF16, KvType::Q8_0})
    for (const Shape& s : kShapes) {
      if (!is_storable(type, s.head_dim)) continue;
      const int rows = std::min(kMost, s.depth);
      const Filled f(ref, type, s, rng);
      const Matrix q(rows, s.n_kv_heads * s.group * s.head_dim, rng);
      const std::vector<int> positions = range(s.depth - rows, rows);
      const auto attend = [&](int begin, int n) {
        Matrix out(n, q.cols());
        cpu.attention(
            out, q.mat().rows(begin, n), f.cache.view,
            {std::span(positions).subspan(static_cast<size_t>(begin), static_cast<size_t>(n)), s.window, 0.125f, {}});
        return out;
      };
      for (const auto& [whole, part] : {std::pair{std::min(rows, kDecodeRows), 1}, std::pair{rows, kDecodeRows + 1}}) {
        if (part > whole) continue;
        const Matrix all = attend(0, whole);
        for (int begin = 0; begin < whole; begin += part) {
          const int from = std::min(begin, whole - part);
          const Matrix some = attend(from, part);
          for (int r = 0; r < part; ++r)
            EXPECT_TRUE(same_row(some, r, all, from + r))
                << "row " << from + r << " of " << whole << ", depth " << s.depth << ", window " << s.window;
        }
      }
    }
}

TEST_P(AttentionOpTest, RowsOfARunSeeEachOther) {
  const Shape s{1, 4, 32, 90, 24};
  const Filled f(ref, KvType::F32, s, rng);
  const int rows = 30;
  const Matrix q(rows, s.group * s.head_dim, rng);
  const std::vector<int> positions = range(60, rows);
  const BidirectionalRun runs[] = {{62, 70}, {75, 90}};
  for (const int window : {0, s.window}) {
    Matrix weighted(rows, q.cols()), causal(rows, q.cols());
    ref.attention(weighted, q, f.magnitudes.view, {positions, window, 0.1f, runs});
    compare(
        Matrix(rows, q.cols()),
        [&](Ops& op, Matrix& out) {
          op.attention(out, q, f.cache.view, {positions, window, 0.1f, runs});
        },
        [&](int r, int c) {
          const double query = Filled::length(q.row(r) + c / s.head_dim * s.head_dim, s.head_dim);
          const double score_error = product_bound(s.head_dim, query * f.longest_key * 0.1);
          return weighted.at(r, c) * (4 * score_error + 10 * kernels::kExpError + 2 * (s.depth + 8) * kUlp);
        });
    cpu.attention(causal, q, f.cache.view, {positions, window, 0.1f, {}});
    Matrix with_runs(rows, q.cols());
    cpu.attention(with_runs, q, f.cache.view, {positions, window, 0.1f, runs});
    EXPECT_TRUE(same_row(causal, 0, with_runs, 0));    // position 60 is outside
    EXPECT_FALSE(same_row(causal, 2, with_runs, 2));   // position 62 sees 69
    EXPECT_TRUE(same_row(causal, 29, with_runs, 29));  // the last of its run sees no more than before
  }
}

// More than there is room for at a time: many pairs of spans around a border, and one span more than the room has.
TEST_P(AttentionOpTest, WavesDoNotShow) {
  struct Case {
    Shape shape;
    int first, rows, part;  // rows that are one call, and as many of them as make one wave
  };
  const Case narrow{{8, 256, 256, 560, 20}, 508, 8, 1}, wide{{8, 64, 256, 2110, 20}, 2030, 40, 10},
      large{{1, 256, 4096, 1100, 0}, 1099, 1, 1};
  for (const auto& [s, first, rows, part] : {narrow, wide, large}) {
    if (s.head_dim == large.shape.head_dim && GetParam().kernels->name == "scalar") break;  // takes half a minute
    const Filled f(ref, KvType::F32, s, rng);
    const Matrix q(rows, s.n_kv_heads * s.group * s.head_dim, rng);
    const std::vector<int> positions = range(first, rows);
    const AttnSpec spec{positions, s.window, 0.001f, {}};
    Matrix all(rows, q.cols()), threaded(rows, q.cols()), exact(rows, s.head_dim);
    cpu.attention(all, q, f.cache.view, spec);
    cpu3.attention(threaded, q, f.cache.view, spec);
    EXPECT_TRUE(all == threaded);
    for (int begin = 0; begin < rows; begin += part) {
      Matrix some(part, q.cols());
      cpu.attention(some, q.mat().rows(begin, part), f.cache.view,
                    {std::span(positions).subspan(static_cast<size_t>(begin), static_cast<size_t>(part)),
                     s.window,
                     spec.scale,
                     {}});
      for (int r = 0; r < part; ++r) EXPECT_TRUE(same_row(some, r, all, begin + r)) << begin + r;
    }
    KvView last = f.cache.view;  // the last KV head alone, for its last query head: the reference takes a while
    last.n_heads = 1;
    last.k_offset += last.row_offset(s.n_kv_heads - 1, 0);
    last.v_offset += last.row_offset(s.n_kv_heads - 1, 0);
    const int column = q.cols() - s.head_dim;
    ref.attention(exact, q.mat().cols(column, s.head_dim), last, spec);
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < s.head_dim; ++c) ASSERT_NEAR(all.at(r, column + c), exact.at(r, c), 1e-4);
  }
}

// A damaged key shows even where it is the only visible one of its tile.
TEST_P(AttentionOpTest, WhatIsNoNumberStaysNone) {
  const Shape s{1, 2, 32, 130, 0};
  for (const int bad : {0, 3, 64, 128}) {
    Matrix k(s.depth, s.head_dim, rng);
    const Matrix v(s.depth, s.head_dim, rng), q(1, s.group * s.head_dim, rng);
    k.row(bad)[5] = std::numeric_limits<float>::quiet_NaN();
    Cache cache(KvType::F32, s.n_kv_heads, s.head_dim, s.depth);
    cpu.store_kv(cache.view, range(0, s.depth), k, v);
    for (const int position : {bad, 129}) {
      const std::vector<int> positions{position};
      Matrix out(1, q.cols());
      cpu.attention(out, q, cache.view, {positions, 0, 1, {}});
      for (int c = 0; c < out.cols(); ++c) ASSERT_TRUE(std::isnan(out.at(0, c))) << bad << ", " << position;
    }
  }
}

// A damaged key at the begin of a span, alone or among a prompt's rows: who sees it is none, others are as they were.
TEST_P(AttentionOpTest, WhatIsNoNumberStaysNoneInAPrompt) {
  const Shape s{1, 2, 32, 2060, 0};
  constexpr int kBad = 2048, kFirst = 2044, kRows = 12;
  Matrix k(s.depth, s.head_dim, rng);
  const Matrix v(s.depth, s.head_dim, rng), q(kRows, s.group * s.head_dim, rng);
  k.row(kBad)[5] = std::numeric_limits<float>::quiet_NaN();
  Cache cache(KvType::F32, s.n_kv_heads, s.head_dim, s.depth);
  cpu.store_kv(cache.view, range(0, s.depth), k, v);
  Matrix out(kRows, q.cols());
  cpu.attention(out, q, cache.view, {range(kFirst, kFirst + kRows), 0, 1, {}});
  for (int r = 0; r < kRows; ++r)
    for (int c = 0; c < out.cols(); ++c)
      ASSERT_EQ(std::isnan(out.at(r, c)), kFirst + r >= kBad) << kFirst + r << ", " << c;
}

FACET_EVERY_ISA(AttentionOpTest);

}  // namespace
}  // namespace facet::ops
