// Attention over the paged cache. The keys that a block of query rows may see are cut into spans; each span gives every
// query head a partial result (running maximum, sum, weighted values), and the partial results are added up in order.
// They have a fixed amount of memory, so tasks go by in waves: it does not grow with the depth.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
namespace {

// The positions a row sees: [first, position], and further ones of its own run.
struct Visible {
  int first, last, position, run_begin, run_end;
  bool sees(int t) const { return t >= first && (t <= position || (t >= run_begin && t < run_end)); }
};

Visible visible(const AttnSpec& spec, int row) {
  const int position = spec.positions[static_cast<size_t>(row)];
  Visible v{spec.window > 0 ? std::max(0, position - spec.window + 1) : 0, position, position, 0, 0};
  for (const BidirectionalRun& run : spec.runs)
    if (run.begin <= position && position < run.end) {
      v.run_begin = run.begin;
      v.run_end = run.end;
      v.last = std::max(v.last, run.end - 1);
    }
  return v;
}

// One KV head, up to kBlockRows rows of queries, the keys [begin, end).
struct Task {
  int kv_head, first_row, n_rows, begin, end;
};

class Pass {
 public:
  Pass(const kernels::Kernels& k, ConstMat q, const KvView& kv, const AttnSpec& spec)
      : k_(k), q_(q), kv_(kv), spec_(spec), row_bytes_(kv.row_bytes()), group_(q.n_cols / kv.head_dim / kv.n_heads) {}

  // scratch: attention_floats() of the task.
  void run(const Task& task, float* partials, float* scratch) const noexcept {
    assert(kv_.page_tokens % kernels::kTileTokens == 0);
    const int d = kv_.head_dim, n_queries = task.n_rows * group_;
    const float* queries[kMaxQueryGroup];
    float* out[kMaxQueryGroup];
    assert(n_queries <= kMaxQueryGroup);
    float* scores = scratch + static_cast<size_t>(n_queries) * static_cast<size_t>(d);
    for (int i = 0; i < n_queries; ++i) {
      float* query = scratch + static_cast<size_t>(i) * static_cast<size_t>(d);
      std::memcpy(query, q_.row(task.first_row + i / group_) + (task.kv_head * group_ + i % group_) * d,
                  sizeof(float) * static_cast<size_t>(d));
      k_.scale(query, d, spec_.scale);
      queries[i] = query;
      out[i] = partials + static_cast<size_t>(i) * partial_floats(d);
      std::memset(out[i], 0, sizeof(float) * static_cast<size_t>(d));
      out[i][d] = -std::numeric_limits<float>::infinity();
      out[i][d + 1] = 0;
    }
    // Tiles lie at multiples of their length whatever the task's borders, so that a sum over a tile adds up in the same
    // lanes for a row alone as for a row among others.
    for (int t = task.begin / kernels::kTileTokens * kernels::kTileTokens; t < task.end; t += kernels::kTileTokens)
      tile(task, t, queries, n_queries, scores, out);
  }

 private:
  // The keys of the task among [start, start + kTileTokens).
  void tile(const Task& task, int start, const float* const* queries, int n_queries, float* scores,
            float* const* out) const noexcept {
    const int d = kv_.head_dim, first = std::max(start, task.begin),
              n = std::min(start + kernels::kTileTokens, task.end) - first;
    const auto format = static_cast<size_t>(kv_.type);
    const int next = start + kernels::kTileTokens;
    const kernels::AttentionTile tile{kv_.k(task.kv_head, first),
                                      kv_.v(task.kv_head, first),
                                      row_bytes_,
                                      n,
                                      d,
                                      next < task.end ? kv_.k(task.kv_head, next) : nullptr};
    const int skipped = first - start;
    k_.scores[format](tile, queries, n_queries, scores + skipped);
    for (int i = 0; i < n_queries; ++i) {
      float* s = scores + i * kernels::kTileTokens;
      mask(visible(spec_, task.first_row + i / group_), start, skipped, skipped + n, s);
      soften(s, d, out[i]);
    }
    k_.accumulate[format](tile, scores + skipped, n_queries, out);
  }

  // Hides what the row does not see, and what is no key of the task.
  static void mask(const Visible& v, int start, int begin, int end, float* s) noexcept {
    constexpr float kHidden = -std::numeric_limits<float>::infinity();
    if (begin == 0 && end == kernels::kTileTokens && start >= v.first && start + end - 1 <= v.position) return;
    for (int t = 0; t < kernels::kTileTokens; ++t)
      if (t < begin || t >= end || !v.sees(start + t)) s[t] = kHidden;
  }

  // Scores -> weights relative to the running maximum; what was gathered before is rescaled to it.
  void soften(float* s, int d, float* out) const noexcept {
    constexpr int n = kernels::kTileTokens;
    const float found = k_.max(s, n);
    if (found == -std::numeric_limits<float>::infinity()) {
      std::memset(s, 0, sizeof(float) * static_cast<size_t>(n));
      return;
    }
    if (!(found <= out[d])) {  // also when it is NaN, which must show
      const float factor = std::exp(out[d] - found);
      k_.scale(out, d, factor);
      out[d + 1] *= factor;
      out[d] = found;
    }
    const float top = out[d];
    out[d + 1] += k_.exp_sum(s, n, top);
  }

  const kernels::Kernels& k_;
  ConstMat q_;
  const KvView& kv_;
  const AttnSpec& spec_;
  size_t row_bytes_;
  int group_;
};

// The work of a call in tasks, counted so that the spans of a block and KV head (a pair) follow one another.
class Cut {
 public:
  Cut(ConstMat q, const KvView& kv, const AttnSpec& spec)
      : spec_(spec), n_rows_(q.n_rows), n_heads_(kv.n_heads), group_(q.n_cols / kv.head_dim / kv.n_heads) {
    assert(group_ <= kMaxQueryGroup);
    block_rows_ = block_rows(n_rows_, group_);
    for (int block = 0; block < divide_up(n_rows_, block_rows_); ++block) {
      const auto [begin, end] = keys(block);
      n_spans_ = std::max(n_spans_, (end - 1) / kSpanTokens - begin / kSpanTokens + 1);
    }
  }

  int group() const { return group_; }
  int n_queries() const { return block_rows_ * group_; }  // of a full block
  int n_spans() const { return n_spans_; }                // of a pair; the last ones may have no keys
  int64_t n_tasks() const { return int64_t{divide_up(n_rows_, block_rows_)} * n_heads_ * n_spans_; }

  // Spans start at multiples of kSpanTokens, so a row's partial results are the same whatever block it is in.
  Task task(int64_t i) const {
    const int head = static_cast<int>(i / n_spans_ % n_heads_), block = static_cast<int>(i / n_spans_ / n_heads_);
    const int first_row = block * block_rows_;
    const auto [begin, end] = keys(block);
    const int from = (begin / kSpanTokens + static_cast<int>(i % n_spans_)) * kSpanTokens;
    return {head, first_row, std::min(block_rows_, n_rows_ - first_row), std::max(begin, from),
            std::min(end, from + kSpanTokens)};
  }

 private:
  // [begin, end): what any row of the block sees.
  std::pair<int, int> keys(int block) const {
    int first = std::numeric_limits<int>::max(), last = 0;
    for (int r = block * block_rows_; r < std::min(n_rows_, (block + 1) * block_rows_); ++r) {
      const Visible v = visible(spec_, r);
      first = std::min(first, v.first);
      last = std::max(last, v.last);
    }
    return {first, last + 1};
  }

  const AttnSpec& spec_;
  int n_rows_, n_heads_, group_, block_rows_, n_spans_ = 1;
};

// Adds the partial result of later keys to that of earlier ones. One after another, so that it does not matter which of
// them are at hand at a time.
void fold(const kernels::Kernels& k, float* sum, const float* part, int d) noexcept {
  constexpr float kNothing = -std::numeric_limits<float>::infinity();
  if (part[d] == kNothing) return;
  if (sum[d] == kNothing) {
    std::memcpy(sum, part, sizeof(float) * static_cast<size_t>(d + 2));
    return;
  }
  const float top = part[d] <= sum[d] ? sum[d] : part[d];  // NaN, if one is
  const float old_factor = std::exp(sum[d] - top), factor = std::exp(part[d] - top);
  if (old_factor != 1) k.scale(sum, d, old_factor);
  k.add_scaled(sum, part, d, factor);
  sum[d + 1] = sum[d + 1] * old_factor + part[d + 1] * factor;
  sum[d] = top;
}

// A wave: the tasks [first, end), whose results stand in the places 1 .. of the partial results. Place 0 holds what a
// pair has gathered in earlier waves.
class Wave {
 public:
  Wave(const Cut& cut, int64_t first, int64_t end) : cut_(cut), first_(first), end_(end) {}

  int n_tasks() const { return static_cast<int>(end_ - first_); }
  int n_pairs() const { return static_cast<int>((end_ - 1) / cut_.n_spans() - first_ / cut_.n_spans() + 1); }
  // Of the wave's i-th pair: its first task, whether the wave has its last one, and its places.
  int64_t first_task(int i) const { return (first_ / cut_.n_spans() + i) * cut_.n_spans(); }
  bool is_finished(int i) const { return first_task(i) + cut_.n_spans() <= end_; }
  int first_place(int i) const { return static_cast<int>(std::max<int64_t>(0, first_task(i) - first_ + 1)); }
  int end_place(int i) const { return static_cast<int>(std::min(first_task(i) + cut_.n_spans(), end_) - first_ + 1); }

 private:
  const Cut& cut_;
  int64_t first_, end_;
};

}  // namespace

void Ops::attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept {
  if (q.n_rows == 0) return;
  const Cut cut(q, kv, spec);
  const Pass pass(k_, q, kv, spec);
  const int d = kv.head_dim, n_queries = cut.n_queries();
  const size_t query_floats = partial_floats(d), task_floats = query_floats * static_cast<size_t>(n_queries);
  const auto place = [&](int i) { return buffers_->partials.data() + task_floats * static_cast<size_t>(i); };
  const auto room = static_cast<int>(kPartialBytes / sizeof(float) / task_floats) - 1;
  assert(room > 0);
  buffers_->reserve_per_thread(attention_floats(n_queries, d));
  for (int64_t first = 0; first < cut.n_tasks(); first += room) {
    const Wave wave(cut, first, std::min(cut.n_tasks(), first + room));
    threads_.run(wave.n_tasks(),
                 [&](int i, int thread) { pass.run(cut.task(first + i), place(i + 1), buffers_->of_thread(thread)); });
    threads_.run(wave.n_pairs() * n_queries, [&](int i, int) {
      const int pair = i / n_queries, query = i % n_queries;
      const Task task = cut.task(wave.first_task(pair));
      const int row = task.first_row + query / cut.group(), head = task.kv_head * cut.group() + query % cut.group();
      if (query >= task.n_rows * cut.group()) return;
      const auto part = [&](int at) { return place(at) + query_floats * static_cast<size_t>(query); };
      float* sum = part(wave.first_place(pair));
      for (int at = wave.first_place(pair) + 1; at < wave.end_place(pair); ++at) fold(k_, sum, part(at), d);
      if (!wave.is_finished(pair)) return;
      std::memcpy(out.row(row) + head * d, sum, sizeof(float) * static_cast<size_t>(d));
      k_.scale(out.row(row) + head * d, d, 1 / sum[d + 1]);
    });
    const int last = wave.n_pairs() - 1;
    if (!wave.is_finished(last) && wave.first_place(last) != 0)
      std::memcpy(place(0), place(wave.first_place(last)), sizeof(float) * task_floats);
  }
}

}  // namespace facet::ops::cpu
