// Attention over the paged cache, for a few rows: keys and values are read as they lie, a tile at a time. More rows
// take panels (panel_attention.h).
#include "ops/cpu/attention_tasks.h"
#include "ops/cpu/panel_attention.h"

namespace facet::ops::cpu {
namespace {

class TilePass {
 public:
  TilePass(const kernels::Kernels& k, ConstMat q, const KvView& kv, const AttnSpec& spec)
      : k_(k), q_(q), kv_(kv), spec_(spec), row_bytes_(kv.row_bytes()), group_(q.n_cols / kv.head_dim / kv.n_heads) {}

  // scratch: attention_floats() of the task.
  void run(const AttentionTask& task, float* partials, float* scratch) const noexcept {
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
  void tile(const AttentionTask& task, int start, const float* const* queries, int n_queries, float* scores,
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
    const int first = std::max(begin, v.first - start), last = std::min(end, v.end - start);
    if (first <= 0 && last >= kernels::kTileTokens) return;
    for (int t = 0; t < kernels::kTileTokens; ++t)
      if (t < first || t >= last) s[t] = kHidden;
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

}  // namespace

void Ops::attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept {
  if (q.n_rows == 0) return;
  const int group = q.n_cols / kv.head_dim / kv.n_heads;
  assert(group <= kMaxQueryGroup);
  if (q.n_rows <= kDecodeRows) {
    const AttentionCut cut(q, kv, spec, {block_rows(q.n_rows, group), kSpanTokens});
    const TilePass pass(k_, q, kv, spec);
    buffers_->reserve_per_thread(attention_floats(cut.n_queries(), kv.head_dim));
    attend(out, kv.head_dim, cut, pass);
  } else {
    const kernels::PanelKernels& panels = attention_panels(kv.type);
    const AttentionCut cut(q, kv, spec, {panel_block_rows(panels, q.n_rows, group), kPanelSpanTokens});
    const PanelPass pass{panels, q, kv, spec};
    buffers_->reserve_per_thread(panel_attention_floats(panels, cut.n_queries(), kv.head_dim));
    if (cut.n_spans() > 1) return attend(out, kv.head_dim, cut, pass);
    // The last rows see most keys: whoever is free takes the largest task that is left.
    std::atomic<int> n_left(static_cast<int>(cut.n_tasks()));
    threads_.run(n_left, [&](int, int thread) { pass.run(cut.task(--n_left), out, buffers_->of_thread(thread)); });
  }
}

KvType Ops::passing_kv_type() const noexcept {
  return &attention_panels(KvType::F16) == &attention_panels(KvType::F32) ? KvType::F32 : KvType::F16;
}

const kernels::PanelKernels& Ops::attention_panels(KvType type) const noexcept {
  const kernels::PanelKernels* tiles = k_.panels[static_cast<size_t>(kernels::PanelKind::BF16)];
  return allow_bf16(activations_) && tiles != nullptr && type != KvType::F32 ? *tiles
                                                                             : k_.panels_of(kernels::PanelKind::F32);
}

template <class Pass>
void Ops::attend(Mat out, int head_dim, const AttentionCut& cut, const Pass& pass) noexcept {
  const int n_queries = cut.n_queries();
  const size_t query_floats = partial_floats(head_dim), task_floats = query_floats * static_cast<size_t>(n_queries);
  const auto place = [&](int i) { return buffers_->partials.data() + task_floats * static_cast<size_t>(i); };
  const auto room = static_cast<int>(kPartialBytes / sizeof(float) / task_floats) - 1;
  assert(room > 0);
  for (int64_t first = 0; first < cut.n_tasks(); first += room) {
    const AttentionWave wave(cut, first, std::min(cut.n_tasks(), first + room));
    threads_.run(wave.n_tasks(),
                 [&](int i, int thread) { pass.run(cut.task(first + i), place(i + 1), buffers_->of_thread(thread)); });
    threads_.run(wave.n_pairs() * n_queries, [&](int i, int) {
      const int pair = i / n_queries, query = i % n_queries;
      const AttentionTask task = cut.task(wave.first_task(pair));
      const int row = task.first_row + query / cut.group(), head = task.kv_head * cut.group() + query % cut.group();
      if (query >= task.n_rows * cut.group()) return;
      const auto part = [&](int at) { return place(at) + query_floats * static_cast<size_t>(query); };
      float* sum = part(wave.first_place(pair));
      for (int at = wave.first_place(pair) + 1; at < wave.end_place(pair); ++at) fold(k_, sum, part(at), head_dim);
      if (!wave.is_finished(pair)) return;
      std::memcpy(out.row(row) + head * head_dim, sum, sizeof(float) * static_cast<size_t>(head_dim));
      k_.scale(out.row(row) + head * head_dim, head_dim, 1 / sum[head_dim + 1]);
    });
    const int last = wave.n_pairs() - 1;
    if (!wave.is_finished(last) && wave.first_place(last) != 0)
      std::memcpy(place(0), place(wave.first_place(last)), sizeof(float) * task_floats);
  }
}

}  // namespace facet::ops::cpu
