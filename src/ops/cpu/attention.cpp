// Attention over the paged cache. The keys that a block of query rows may see are cut into spans; each span gives every
// query head a partial result (running maximum, sum, weighted values), and the partial results are merged in order.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
namespace {

constexpr int kSpanTokens = 512;  // keys of one partial result
constexpr int kBlockRows = 4;     // query rows that share a pass over the keys

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

// What a task leaves behind for one query head: values[head_dim], then maximum and sum.
size_t partial_floats(int head_dim) { return static_cast<size_t>(head_dim + 2 + 15) / 16 * 16; }

class Pass {
 public:
  Pass(const kernels::Kernels& k, ConstMat q, const KvView& kv, const AttnSpec& spec)
      : k_(k), q_(q), kv_(kv), spec_(spec), group_(q.n_cols / kv.head_dim / kv.n_heads) {}

  // scratch: scaled queries and scores of the task.
  static size_t scratch_floats(int n_queries, int head_dim) {
    return static_cast<size_t>(n_queries) * static_cast<size_t>(head_dim + kernels::kTileTokens);
  }

  void run(const Task& task, float* partials, float* scratch) const noexcept {
    assert(kv_.page_tokens % kernels::kTileTokens == 0);
    const int d = kv_.head_dim, n_queries = task.n_rows * group_;
    const float* queries[kMaxQueries];
    float* out[kMaxQueries];
    assert(n_queries <= kMaxQueries);
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

  static constexpr int kMaxQueries = 256;

 private:
  // The keys of the task among [start, start + kTileTokens).
  void tile(const Task& task, int start, const float* const* queries, int n_queries, float* scores,
            float* const* out) const noexcept {
    const int d = kv_.head_dim, first = std::max(start, task.begin),
              n = std::min(start + kernels::kTileTokens, task.end) - first;
    const auto format = static_cast<size_t>(kv_.type);
    const kernels::AttentionTile tile{kv_.k(task.kv_head, first), kv_.v(task.kv_head, first),
                                      static_cast<size_t>(d) * kv_element_bytes(kv_.type), n, d};
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
  int group_;
};

// out <- the partial results of one query head, `stride` floats apart, merged in the order of their keys.
void merge(const kernels::Kernels& k, const float* partials, size_t stride, int n, int d, float* out) {
  const auto partial = [=](int i) { return partials + stride * static_cast<size_t>(i); };
  float top = -std::numeric_limits<float>::infinity(), sum = 0;
  for (int i = 0; i < n; ++i) top = std::max(top, partial(i)[d]);
  std::memset(out, 0, sizeof(float) * static_cast<size_t>(d));
  for (int i = 0; i < n; ++i) {
    const float factor = std::exp(partial(i)[d] - top);
    if (factor == 0) continue;
    k.add_scaled(out, partial(i), d, factor);
    sum += partial(i)[d + 1] * factor;
  }
  k.scale(out, d, 1 / sum);
}

}  // namespace

void Ops::attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept {
  const int d = kv.head_dim, group = q.n_cols / d / kv.n_heads;
  const int block_rows = std::max(1, std::min(kBlockRows, Pass::kMaxQueries / group));
  const int n_blocks = (q.n_rows + block_rows - 1) / block_rows;
  // Spans start at multiples of kSpanTokens, so a row's partial results are the same whatever block it is in.
  const auto span_range = [&](int block) {
    int first = std::numeric_limits<int>::max(), last = 0;
    for (int r = block * block_rows; r < std::min(q.n_rows, (block + 1) * block_rows); ++r) {
      const Visible v = visible(spec, r);
      first = std::min(first, v.first);
      last = std::max(last, v.last);
    }
    return std::pair(first, last + 1);
  };
  int max_spans = 1;
  for (int b = 0; b < n_blocks; ++b) {
    const auto [begin, end] = span_range(b);
    max_spans = std::max(max_spans, (end - 1) / kSpanTokens - begin / kSpanTokens + 1);
  }
  const size_t query_floats = partial_floats(d), task_floats = query_floats * static_cast<size_t>(block_rows * group);
  const Pass pass(k_, q, kv, spec);
  const size_t scratch_floats = Pass::scratch_floats(block_rows * group, d);
  // Blocks go by in waves, so that partial results of a long prefill need not all exist at once.
  constexpr int kWave = 64;
  float* partials = buffers_->attention.reserve(
      task_floats * static_cast<size_t>(max_spans * kv.n_heads * std::min(kWave, n_blocks)));
  buffers_->reserve_per_thread(scratch_floats);
  for (int wave = 0; wave < n_blocks; wave += kWave) {
    const int n = std::min(kWave, n_blocks - wave), n_tasks = n * kv.n_heads * max_spans;
    threads_.run(n_tasks, [&](int task, int thread) {
      const int span = task % max_spans, head = task / max_spans % kv.n_heads,
                block = wave + task / max_spans / kv.n_heads;
      const auto [begin, end] = span_range(block);
      const int from = (begin / kSpanTokens + span) * kSpanTokens;
      if (from >= end) return;
      const int first_row = block * block_rows;
      const Task t{head, first_row, std::min(block_rows, q.n_rows - first_row), std::max(begin, from),
                   std::min(end, from + kSpanTokens)};
      pass.run(t, partials + task_floats * static_cast<size_t>(task), buffers_->of_thread(thread));
    });
    threads_.run(n, [&](int b, int) {
      const int block = wave + b;
      const auto [begin, end] = span_range(block);
      const int n_spans = (end - 1) / kSpanTokens - begin / kSpanTokens + 1;
      for (int r = block * block_rows; r < std::min(q.n_rows, (block + 1) * block_rows); ++r)
        for (int head = 0; head < kv.n_heads * group; ++head) {
          const float* first = partials +
                               task_floats * static_cast<size_t>((b * kv.n_heads + head / group) * max_spans) +
                               query_floats * static_cast<size_t>((r - block * block_rows) * group + head % group);
          merge(k_, first, task_floats, n_spans, d, out.row(r) + head * d);
        }
    });
  }
}

}  // namespace facet::ops::cpu
