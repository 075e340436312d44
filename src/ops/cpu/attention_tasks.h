// How attention is cut. The keys that a block of query rows may see are cut into spans; each span gives every query
// head a partial result (running maximum, sum, weighted values), and the partial results are added up in order. They
// have a fixed amount of memory, so tasks go by in waves: it does not grow with the depth. Internal to ops/cpu/.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {

// The positions a row sees: [first, end). Those behind its own are of its run. Neither decreases with the row, for
// positions ascend.
struct Visible {
  int first, end;
};

inline Visible visible(const AttnSpec& spec, int row) {
  const int position = spec.positions[static_cast<size_t>(row)];
  Visible v{spec.window > 0 ? std::max(0, position - spec.window + 1) : 0, position + 1};
  for (const BidirectionalRun& run : spec.runs)
    if (run.begin <= position && position < run.end) v.end = std::max(v.end, run.end);
  return v;
}

// One KV head, a block of query rows, the keys [begin, end).
struct AttentionTask {
  int kv_head, first_row, n_rows, begin, end;
};

// Rows of a block, and keys of a span.
struct AttentionShape {
  int block_rows, span_tokens;
};

// The work of a call in tasks, counted so that the spans of a block and KV head (a pair) follow one another.
class AttentionCut {
 public:
  AttentionCut(ConstMat q, const KvView& kv, const AttnSpec& spec, AttentionShape shape)
      : spec_(spec),
        shape_(shape),
        n_rows_(q.n_rows),
        n_heads_(kv.n_heads),
        group_(q.n_cols / kv.head_dim / kv.n_heads) {
    for (int block = 0; block < n_blocks(); ++block) {
      const auto [begin, end] = keys(block);
      n_spans_ = std::max(n_spans_, (end - 1) / shape_.span_tokens - begin / shape_.span_tokens + 1);
    }
  }

  int group() const { return group_; }
  int n_queries() const { return shape_.block_rows * group_; }  // of a full block
  int n_spans() const { return n_spans_; }                      // of a pair; the last ones may have no keys
  int64_t n_tasks() const { return int64_t{n_blocks()} * n_heads_ * n_spans_; }

  // Spans start at multiples of their length, so a row's partial results are the same whatever block it is in.
  AttentionTask task(int64_t i) const {
    const int head = static_cast<int>(i / n_spans_ % n_heads_), block = static_cast<int>(i / n_spans_ / n_heads_);
    const int first_row = block * shape_.block_rows, span = shape_.span_tokens;
    const auto [begin, end] = keys(block);
    const int from = (begin / span + static_cast<int>(i % n_spans_)) * span;
    return {head, first_row, std::min(shape_.block_rows, n_rows_ - first_row), std::max(begin, from),
            std::min(end, from + span)};
  }

 private:
  int n_blocks() const { return divide_up(n_rows_, shape_.block_rows); }

  // [begin, end): what any row of the block sees.
  std::pair<int, int> keys(int block) const {
    const int first_row = block * shape_.block_rows, last_row = std::min(n_rows_, first_row + shape_.block_rows) - 1;
    return {visible(spec_, first_row).first, visible(spec_, last_row).end};
  }

  const AttnSpec& spec_;
  AttentionShape shape_;
  int n_rows_, n_heads_, group_, n_spans_ = 1;
};

// Adds the partial result of later keys to that of earlier ones. One after another, so that it does not matter which of
// them are at hand at a time.
inline void fold(const kernels::Kernels& k, float* sum, const float* part, int d) noexcept {
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
class AttentionWave {
 public:
  AttentionWave(const AttentionCut& cut, int64_t first, int64_t end) : cut_(cut), first_(first), end_(end) {}

  int n_tasks() const { return static_cast<int>(end_ - first_); }
  int n_pairs() const { return static_cast<int>((end_ - 1) / cut_.n_spans() - first_ / cut_.n_spans() + 1); }
  // Of the wave's i-th pair: its first task, whether the wave has its last one, and its places.
  int64_t first_task(int i) const { return (first_ / cut_.n_spans() + i) * cut_.n_spans(); }
  bool is_finished(int i) const { return first_task(i) + cut_.n_spans() <= end_; }
  int first_place(int i) const { return static_cast<int>(std::max<int64_t>(0, first_task(i) - first_ + 1)); }
  int end_place(int i) const { return static_cast<int>(std::min(first_task(i) + cut_.n_spans(), end_) - first_ + 1); }

 private:
  const AttentionCut& cut_;
  int64_t first_, end_;
};

}  // namespace facet::ops::cpu
