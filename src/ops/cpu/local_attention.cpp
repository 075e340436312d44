// Attention to the rows a short distance back, by the kernels of attention over a cache: the rows of k and v that a
// query sees are a tile as they lie.
#include <cstring>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
namespace {

// Queries of a task, which share the keys that stand for distances; and those that meet the union of their keys
// together, which is a little more than each of them sees.
constexpr int kLocalQueries = 16, kTogether = 4;

// Rows [first, first + n) of x as keys, or as values.
kernels::AttentionTile tile_of(ConstMat x, int first, int n) {
  const auto* rows = reinterpret_cast<const std::byte*>(x.row(first));
  return {rows, rows, x.stride * sizeof(float), n, x.n_cols};
}

// Rows of scores for a group of queries: one for each of them, a tile of keys after the other.
struct ScoreTiles {
  float* data;
  int n_queries;
  float* tile(int i) const { return data + i * n_queries * kernels::kTileTokens; }
  float& at(int query, int key) const {
    return tile(key / kernels::kTileTokens)[query * kernels::kTileTokens + key % kernels::kTileTokens];
  }
};

// Rows [first, end) of x side by side. The heads of a row lie beside one another, and its neighbours so far apart that
// they would share few places of the cache; and kernels ask for the whole of a row.
ConstMat gather(ConstMat x, int first, int end, float* to) {
  for (int r = first; r < end; ++r)
    std::memcpy(to + (r - first) * x.n_cols, x.row(r), sizeof(float) * static_cast<size_t>(x.n_cols));
  return {to, end - first, x.n_cols};
}

// One head of a few queries.
class LocalPass {
 public:
  LocalPass(const kernels::Kernels& k, float softcap, int n_distances, float* memory)
      : k_(k), softcap_(softcap), n_distances_(n_distances) {
    const int n_tiles = count_tiles(n_distances);
    distance_scores_ = {memory, kLocalQueries};
    scores_ = {distance_scores_.tile(n_tiles), kTogether};
    weights_ = scores_.tile(n_tiles);
    rows_ = weights_ + kTogether * kernels::kTileTokens * n_tiles;
  }

  static size_t count_floats(int n_distances, int head_dim) {
    const int n_rows = n_distances + 2 * (kLocalQueries + n_distances - 1);
    return static_cast<size_t>((kLocalQueries + 2 * kTogether) * kernels::kTileTokens * count_tiles(n_distances)) +
           static_cast<size_t>(n_rows) * static_cast<size_t>(head_dim);
  }

  void run(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k, int begin, int end) const {
    const float* queries[kLocalQueries];
    for (int t = begin; t < end; ++t) queries[t - begin] = q.row(t);
    const int first = std::max(0, begin + 1 - n_distances_), n_floats = (end - first) * q.n_cols;
    k = gather(k, first, end, rows_);
    v = gather(v, first, end, rows_ + n_floats);
    score(gather(distance_k, 0, n_distances_, rows_ + 2 * n_floats), 0, n_distances_, queries, end - begin,
          distance_scores_);
    for (int t = begin; t < end; t += kTogether)
      attend(out, k, v, {t, std::min(kTogether, end - t), begin, first}, queries);
  }

 private:
  // Queries [first, first + n) of a task whose queries begin at task_first, and its keys and values at key_first.
  struct Group {
    int first, n, task_first, key_first;
  };
  // The rows that query t sees; a group's are those from its first query's first to its last query's.
  int first_seen(int t) const { return std::max(0, t + 1 - n_distances_); }
  int count_seen(const Group& g) const { return g.first + g.n - first_seen(g.first); }

  // Of all keys that queries of a group see: a group's more than a single one's.
  static int count_tiles(int n_distances) { return divide_up(n_distances + kTogether - 1, kernels::kTileTokens); }

  void score(ConstMat k, int first, int n, const float* const* queries, int n_queries, const ScoreTiles& to) const {
    for (int i = 0; i < n; i += kernels::kTileTokens)
      k_.scores[kF32](tile_of(k, first + i, std::min(kernels::kTileTokens, n - i)), queries, n_queries,
                      to.tile(i / kernels::kTileTokens));
  }

  void attend(Mat out, ConstMat k, ConstMat v, const Group& g, const float* const* queries) const {
    const int begin = first_seen(g.first) - g.key_first, n_seen = count_seen(g);
    score(k, begin, n_seen, queries + (g.first - g.task_first), g.n, scores_);
    weigh(g);
    float* rows[kTogether];
    for (int i = 0; i < g.n; ++i) {
      rows[i] = out.row(g.first + i);
      std::memset(rows[i], 0, sizeof(float) * static_cast<size_t>(out.n_cols));
    }
    for (int i = 0; i < n_seen; i += kernels::kTileTokens)
      k_.accumulate[kF32](tile_of(v, begin + i, std::min(kernels::kTileTokens, n_seen - i)),
                          scores_.tile(i / kernels::kTileTokens), g.n, rows);
  }

  // Scores -> weights; 0 for what one query of the group sees and another does not.
  void weigh(const Group& g) const {
    float* p = weights_;
    for (int i = 0; i < g.n; ++i) {
      const Seen seen = seen_by(g, i);
      for (int key = seen.begin; key < seen.end; ++key)
        *p++ = scores_.at(i, key) + distance_scores_.at(g.first - g.task_first + i, seen.end - 1 - key);
    }
    k_.softcap(weights_, static_cast<int>(p - weights_), softcap_);
    p = weights_;
    for (int i = 0; i < g.n; ++i) {
      const Seen seen = seen_by(g, i);
      const int n = seen.end - seen.begin;
      const float factor = 1 / k_.exp_sum(p, n, k_.max(p, n));
      for (int key = 0; key < count_seen(g); ++key)
        scores_.at(i, key) = key < seen.begin || key >= seen.end ? 0 : *p++ * factor;
    }
  }

  // The keys that query i of a group sees, counted from the group's first.
  struct Seen {
    int begin, end;
  };
  Seen seen_by(const Group& g, int i) const {
    const int t = g.first + i, first = first_seen(g.first);
    return {first_seen(t) - first, t + 1 - first};
  }

  static constexpr auto kF32 = static_cast<size_t>(KvType::F32);
  const kernels::Kernels& k_;
  float softcap_;
  int n_distances_;
  ScoreTiles distance_scores_, scores_;
  float* weights_;  // of one query after the other
  float* rows_;     // keys, values and keys of distances
};

}  // namespace

void Ops::local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                          const LocalAttnSpec& spec) noexcept {
  const int n = q.n_cols / spec.n_heads, n_blocks = divide_up(q.n_rows, kLocalQueries);
  buffers_->reserve_per_thread(LocalPass::count_floats(distance_k.n_rows, n));
  threads_.run(n_blocks * spec.n_heads, [&](int task, int thread) {
    const int begin = task / spec.n_heads * kLocalQueries, column = task % spec.n_heads * n;
    const LocalPass pass(k_, spec.softcap, distance_k.n_rows, buffers_->of_thread(thread));
    pass.run(out.cols(column, n), q.cols(column, n), k.cols(column, n), v.cols(column, n), distance_k.cols(column, n),
             begin, std::min(begin + kLocalQueries, q.n_rows));
  });
}

}  // namespace facet::ops::cpu
