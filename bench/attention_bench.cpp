// Attention of the CPU backend on one thread, as a whole: steps of a prompt and of decoding, by the shapes of models.
// Items are operations that the queries' visible keys need (a product, an addition); compare them with kernels_bench's
// panels of the same kind.
//
// link: facet_ops facet_kernels facet_quant facet_base
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "base/thread_pool.h"
#include "kernel_data.h"
#include "ops/cpu/cpu_ops.h"

namespace facet::ops {
namespace {

struct Shape {
  const char* name;
  int n_heads, n_kv_heads, head_dim, window;
};
constexpr Shape kShapes[] = {{"270M, global", 4, 1, 256, 0},
                             {"E2B, window", 8, 1, 256, 512},
                             {"E2B, global", 8, 1, 512, 0},
                             {"31B, window", 32, 16, 256, 1024}};

// One page with all positions.
class Cache {
 public:
  Cache(Ops& op, const Shape& s, KvType type, int n_tokens) : pages_{nullptr} {
    const int n = (n_tokens + kernels::kTileTokens - 1) / kernels::kTileTokens * kernels::kTileTokens;
    const size_t half = quant::kv_row_bytes(type, s.head_dim) * static_cast<size_t>(s.n_kv_heads * n);
    memory_.resize(2 * half);
    pages_[0] = memory_.data();
    view_ = {pages_, n, type, s.n_kv_heads, s.head_dim, 0, half};
    const auto row = kernels::random_floats(static_cast<size_t>(s.n_kv_heads * s.head_dim));
    const ConstMat x(row.data(), 1, static_cast<int>(row.size()));
    for (int t = 0; t < n_tokens; ++t) op.store_kv(view_, {&t, 1}, x, x);
  }
  const KvView& view() const { return view_; }

 private:
  std::vector<std::byte> memory_;
  std::byte* pages_[1];
  KvView view_;
};

void attention(benchmark::State& state, const kernels::Kernels& k, const Shape& s, KvType type) {
  const auto n_rows = static_cast<int>(state.range(0)), depth = static_cast<int>(state.range(1));
  ThreadPool one(1);
  cpu::Ops op(one, k);
  const Cache cache(op, s, type, depth + n_rows);
  const auto q = kernels::random_floats(static_cast<size_t>(n_rows * s.n_heads * s.head_dim));
  std::vector<float> out(q.size());
  std::vector<int> positions;
  int64_t n_scores = 0;
  for (int r = 0; r < n_rows; ++r) {
    positions.push_back(depth + r);
    n_scores += s.window > 0 ? std::min(s.window, depth + r + 1) : depth + r + 1;
  }
  const int width = s.n_heads * s.head_dim;
  for (auto _ : state) {
    op.attention({out.data(), n_rows, width}, {q.data(), n_rows, width}, cache.view(), {positions, s.window, 0.1f, {}});
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * 4 * n_scores * width);
}

const bool kRegistered = [] {
  for (const kernels::Kernels* k : kernels::available())
    for (const Shape& s : kShapes)
      for (const auto& [name, type] : {std::tuple{"F16", KvType::F16}, {"Q8_0", KvType::Q8_0}})
        benchmark::RegisterBenchmark((std::string(k->name) + "/" + s.name + "/" + name).c_str(), attention,
                                     std::ref(*k), std::ref(s), type)
            ->ArgNames({"rows", "depth"})
            ->Args({512, 0})
            ->Args({512, 1536})
            ->Args({8, 1536})
            ->Args({32, 4096})
            ->Args({1, 4096});
  return true;
}();

}  // namespace
}  // namespace facet::ops
