// Attention to the rows a short distance back, by the kernels of attention over a cache: the rows of k and v that a
// query sees are a tile as they lie.
#include <cstring>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
namespace {

// Queries of a task: they share the keys that stand for distances.
constexpr int kLocalQueries = 16;

// Rows [first, first + n) of x as keys, or as values.
kernels::AttentionTile tile_of(ConstMat x, int first, int n) {
  const auto* rows = reinterpret_cast<const std::byte*>(x.row(first));
  return {rows, rows, x.stride * sizeof(float), n, x.n_cols};
}

// One head of a few queries.
class LocalPass {
 public:
  LocalPass(const kernels::Kernels& k, float softcap, int n_distances, float* memory)
      : k_(k), softcap_(softcap), n_distances_(n_distances), memory_(memory) {}

  // Of all queries' scores against distances, and one query's scores.
  static size_t floats(int n_distances) {
    return static_cast<size_t>((kLocalQueries + 1) * kernels::kTileTokens *
                               divide_up(n_distances, kernels::kTileTokens));
  }

  void run(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k, int begin, int end) const {
    score_distances(q, distance_k, begin, end);
    for (int t = begin; t < end; ++t) attend(out, q, k, v, t, t - begin);
  }

 private:
  int n_tiles() const { return divide_up(n_distances_, kernels::kTileTokens); }
  // Of query i against the distances of tile `tile`; tiles of one query do not lie side by side.
  float* distance_scores(int tile, int i) const { return memory_ + (tile * kLocalQueries + i) * kernels::kTileTokens; }
  float* scores() const { return distance_scores(n_tiles(), 0); }

  void score_distances(ConstMat q, ConstMat distance_k, int begin, int end) const {
    const float* queries[kLocalQueries];
    for (int t = begin; t < end; ++t) queries[t - begin] = q.row(t);
    for (int tile = 0; tile < n_tiles(); ++tile) {
      const int first = tile * kernels::kTileTokens, n = std::min(kernels::kTileTokens, n_distances_ - first);
      k_.scores[kF32](tile_of(distance_k, first, n), queries, end - begin, distance_scores(tile, 0));
    }
  }

  // Query t, the i-th of the task. Keys are met in the order of their rows, so the last one's distance is 0.
  void attend(Mat out, ConstMat q, ConstMat k, ConstMat v, int t, int i) const {
    const int n_seen = std::min(n_distances_, t + 1), first_row = t + 1 - n_seen;
    const float* query = q.row(t);
    float *p = scores(), *to = out.row(t);
    for (int first = 0; first < n_seen; first += kernels::kTileTokens)
      k_.scores[kF32](tile_of(k, first_row + first, std::min(kernels::kTileTokens, n_seen - first)), &query, 1,
                      p + first);
    for (int j = 0; j < n_seen; ++j) {
      const int d = n_seen - 1 - j;
      p[j] += distance_scores(d / kernels::kTileTokens, i)[d % kernels::kTileTokens];
    }
    k_.softcap(p, n_seen, softcap_);
    k_.scale(p, n_seen, 1 / k_.exp_sum(p, n_seen, k_.max(p, n_seen)));
    std::memset(to, 0, sizeof(float) * static_cast<size_t>(out.n_cols));
    for (int first = 0; first < n_seen; first += kernels::kTileTokens)
      k_.accumulate[kF32](tile_of(v, first_row + first, std::min(kernels::kTileTokens, n_seen - first)), p + first, 1,
                          &to);
  }

  static constexpr auto kF32 = static_cast<size_t>(KvType::F32);
  const kernels::Kernels& k_;
  float softcap_;
  int n_distances_;
  float* memory_;
};

}  // namespace

void Ops::local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                          const LocalAttnSpec& spec) noexcept {
  const int n = q.n_cols / spec.n_heads, n_blocks = divide_up(q.n_rows, kLocalQueries);
  buffers_->reserve_per_thread(LocalPass::floats(distance_k.n_rows));
  threads_.run(n_blocks * spec.n_heads, [&](int task, int thread) {
    const int begin = task / spec.n_heads * kLocalQueries, column = task % spec.n_heads * n;
    const LocalPass pass(k_, spec.softcap, distance_k.n_rows, buffers_->of_thread(thread));
    pass.run(out.cols(column, n), q.cols(column, n), k.cols(column, n), v.cols(column, n), distance_k.cols(column, n),
             begin, std::min(begin + kLocalQueries, q.n_rows));
  });
}

}  // namespace facet::ops::cpu
