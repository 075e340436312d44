#include "ops/cpu/panel_attention.h"

namespace facet::ops::cpu {
namespace {

// Queries of a block, as nearly as rows and tiles allow: unpacked panels serve them all, and what belongs to them still
// lies in a core's caches.
constexpr int kPanelQueries = 192;
// Keys of one step of the softmax: they are the depth of the values' panel. And keys, or columns of values, that are
// the rows of a panel.
constexpr int kChunkKeys = kernels::kPanelDepth, kPanelKeys = kernels::kTileTokens;

// Memory of a task, in floats: a panel; then for each tile its queries, scores, weights, sums and the softmax's state.
struct BlockSizes {
  size_t panel, queries, scores, weights, sums, state;

  BlockSizes(const kernels::PanelKernels& k, int head_dim)
      : panel(kPanelKeys * k.row_bytes / sizeof(float)),
        queries(packed_floats(k, 1, head_dim)),
        scores(static_cast<size_t>(kChunkKeys * k.tokens)),
        weights(k.attention.weighs_in_place ? 0 : k.tile_bytes / sizeof(float)),
        sums(static_cast<size_t>(divide_up(head_dim, kPanelKeys) * kPanelKeys * k.tokens)),
        state(static_cast<size_t>(divide_up(3 * k.tokens, 16) * 16)) {}
  size_t of_tile() const { return queries + scores + weights + sums + state; }
};

// The keys [begin, end) within kChunkKeys from start on.
struct Chunk {
  int start, begin, end;
};

// A tile's queries: the heads of a row, then those of the next.
struct QueryTile {
  int first, n;  // queries of the block
  Visible seen;  // by any of them
  std::byte* queries;
  float* scores;
  std::byte* weights;
  float *sums, *top, *total, *factor;
};

// A task at work.
class QueryBlock {
 public:
  QueryBlock(const PanelPass& pass, const AttentionTask& task, float* scratch)
      : pass_(pass),
        task_(task),
        panels_(pass.panels),
        attention_(pass.panels.attention),
        group_(pass.group()),
        head_dim_(pass.kv.head_dim),
        n_queries_(task.n_rows * group_),
        row_bytes_(pass.kv.row_bytes()),
        format_(panels_.formats[static_cast<size_t>(type())]),
        sizes_(panels_, head_dim_),
        panel_(reinterpret_cast<std::byte*>(scratch)),
        tiles_(scratch + sizes_.panel) {}

  // Results go to partial results or, if there are no others, to where they belong.
  template <class Results>
  void run(const Results& results) const {
    assert(pass_.kv.page_tokens % kPanelKeys == 0);
    start();
    // Chunks lie at multiples of their length whatever the task's borders, so that a row alone is weighed in the same
    // steps as a row among others.
    for (int at = task_.begin / kChunkKeys * kChunkKeys; at < task_.end; at += kChunkKeys)
      add({at, std::max(at, task_.begin), std::min(at + kChunkKeys, task_.end)});
    finish(results);
  }

 private:
  void start() const {
    for_tiles([&](const QueryTile& tile) {
      pack(tile);
      std::memset(tile.sums, 0, sizes_.sums * sizeof(float));
      std::fill_n(tile.top, panels_.tokens, kernels::kNoScore);
      std::fill_n(tile.total, panels_.tokens, 0.0f);
    });
  }
  void add(const Chunk& chunk) const {
    score(chunk);
    for_tiles([&](const QueryTile& tile) { weigh(tile, chunk); });
    for (int column = 0; column < head_dim_; column += kPanelKeys) add_values(chunk, column);
  }
  // Results for out, a few columns at a time by way of the memory that scores had.
  void finish(const Mat& out) const {
    for_tiles([&](const QueryTile& tile) {
      for (int t = 0; t < tile.n; ++t) tile.factor[t] = 1 / tile.total[t];
      attention_.rescale(tile.sums, head_dim_, tile.n, tile.factor);
      for (int column = 0; column < head_dim_; column += kChunkKeys) {
        const int n = std::min(kChunkKeys, head_dim_ - column);
        panels_.store(tile.sums + column * panels_.tokens, n, tile.n, 1, tile.scores, static_cast<size_t>(n));
        for (int t = 0; t < tile.n; ++t)
          std::memcpy(out.row(row_of(tile.first + t)) + head_of(tile.first + t) * head_dim_ + column,
                      tile.scores + t * n, sizeof(float) * static_cast<size_t>(n));
      }
    });
  }
  void finish(float* partials) const {
    const size_t stride = partial_floats(head_dim_);
    for_tiles([&](const QueryTile& tile) {
      float* out = partials + static_cast<size_t>(tile.first) * stride;
      panels_.store(tile.sums, head_dim_, tile.n, 1, out, stride);
      for (int t = 0; t < tile.n; ++t, out += stride) {
        // A total of nothing, not a top of no score: what is no number shows in the total alone.
        out[head_dim_] = tile.total[t] == 0 ? -std::numeric_limits<float>::infinity() : tile.top[t];
        out[head_dim_ + 1] = tile.total[t];
      }
    });
  }

  quant::BlockType type() const { return quant::block_type(pass_.kv.type); }
  int row_of(int query) const { return task_.first_row + query / group_; }
  int head_of(int query) const { return task_.kv_head * group_ + query % group_; }

  QueryTile tile(int i) const {
    const int first = i * panels_.tokens, n = std::min(panels_.tokens, n_queries_ - first);
    float* queries = tiles_ + static_cast<size_t>(i) * sizes_.of_tile();
    float *scores = queries + sizes_.queries, *weights = scores + sizes_.scores, *sums = weights + sizes_.weights,
          *state = sums + sizes_.sums;
    return {first,
            n,
            {visible(pass_.spec, row_of(first)).first, visible(pass_.spec, row_of(first + n - 1)).end},
            reinterpret_cast<std::byte*>(queries),
            scores,
            reinterpret_cast<std::byte*>(attention_.weighs_in_place ? scores : weights),
            sums,
            state,
            state + panels_.tokens,
            state + 2 * panels_.tokens};
  }
  template <class Each>
  void for_tiles(Each&& each) const {
    for (int i = 0; i * panels_.tokens < n_queries_; ++i) each(tile(i));
  }

  // Of the chunk, what the tile computes: [begin, end) from its start on, in whole steps.
  std::pair<int, int> keys(const QueryTile& tile, const Chunk& chunk) const {
    const int begin = std::max(chunk.begin, tile.seen.first), end = std::min(chunk.end, tile.seen.end),
              step = attention_.step;
    if (begin >= end) return {0, 0};
    return {(begin - chunk.start) / step * step, divide_up(end - chunk.start, step) * step};
  }

  void pack(const QueryTile& tile) const {
    const float* rows[kMaxQueryGroup];
    for (int t = 0; t < tile.n; ++t)
      rows[t] = pass_.q.row(row_of(tile.first + t)) + head_of(tile.first + t) * head_dim_;
    for (int piece = 0; piece * kernels::kPanelDepth < head_dim_; ++piece) {
      const int first = piece * kernels::kPanelDepth;
      panels_.pack(rows, tile.n, first, std::min(kernels::kPanelDepth, head_dim_ - first), queries(tile, piece));
    }
  }
  std::byte* queries(const QueryTile& tile, int piece) const {
    return tile.queries + static_cast<size_t>(piece) * panels_.tile_bytes;
  }

  // Every tile's scores of the keys that it sees.
  void score(const Chunk& chunk) const {
    for_tiles([&](const QueryTile& tile) {
      const auto [begin, end] = keys(tile, chunk);
      std::memset(tile.scores + begin * panels_.tokens, 0,
                  sizeof(float) * static_cast<size_t>((end - begin) * panels_.tokens));
    });
    for (int at = chunk.begin / kPanelKeys * kPanelKeys; at < chunk.end; at += kPanelKeys)
      for (int first = 0; first < head_dim_; first += kernels::kPanelDepth) score_panel(chunk, at, first);
  }

  // The keys from `at` on, a piece of their elements.
  void score_panel(const Chunk& chunk, int at, int first) const {
    const int depth = std::min(kernels::kPanelDepth, head_dim_ - first), from = at - chunk.start;
    format_.unpack(pass_.kv.k(task_.kv_head, at) + quant::row_bytes(type(), static_cast<size_t>(first)), row_bytes_,
                   std::min(kPanelKeys, chunk.end - at), depth, panel_);
    for_tiles([&](const QueryTile& tile) {
      const auto range = keys(tile, chunk);
      const int begin = std::max(range.first, from), end = std::min(range.second, from + kPanelKeys);
      if (begin < end)
        format_.multiply(panel_ + static_cast<size_t>(begin - from) * panels_.row_bytes, end - begin, depth,
                         queries(tile, first / kernels::kPanelDepth), tile.n, tile.scores + begin * panels_.tokens);
    });
  }

  void weigh(const QueryTile& tile, const Chunk& chunk) const {
    const auto [begin, end] = keys(tile, chunk);
    if (begin == end) return;
    hide(tile, chunk.start + begin, chunk.start + end, tile.scores + begin * panels_.tokens);
    attention_.weigh(tile.scores + begin * panels_.tokens, end - begin, tile.n, pass_.spec.scale, tile.top, tile.total,
                     tile.factor, tile.weights + static_cast<size_t>(begin) * attention_.tile_bytes);
    if (std::any_of(tile.factor, tile.factor + tile.n, [](float f) { return f != 1; }))
      attention_.rescale(tile.sums, head_dim_, tile.n, tile.factor);
  }

  // Of the keys [begin, end), those that a query does not see weigh nothing with it.
  void hide(const QueryTile& tile, int begin, int end, float* scores) const {
    for (int t = 0; t < tile.n; ++t) {
      const Visible v = visible(pass_.spec, row_of(tile.first + t));
      const auto hide_keys = [&](int from, int to) {
        for (int i = from; i < to; ++i)
          scores[(i - begin) * panels_.tokens + t] = -std::numeric_limits<float>::infinity();
      };
      hide_keys(begin, std::min(end, v.first));
      hide_keys(std::max(begin, v.end), end);
    }
  }

  // The values' columns from `column` on.
  void add_values(const Chunk& chunk, int column) const {
    const int n_columns = std::min(kPanelKeys, head_dim_ - column);
    const auto unpack = attention_.unpack_columns[static_cast<size_t>(pass_.kv.type)];
    for (int at = chunk.begin / kPanelKeys * kPanelKeys; at < chunk.end; at += kPanelKeys)
      unpack(pass_.kv.v(task_.kv_head, at) + quant::row_bytes(type(), static_cast<size_t>(column)), row_bytes_,
             std::max(0, chunk.begin - at), std::min(kPanelKeys, chunk.end - at), n_columns,
             panel_ + static_cast<size_t>(at - chunk.start) * attention_.panel_bytes);
    for_tiles([&](const QueryTile& tile) {
      const auto [begin, end] = keys(tile, chunk);
      if (begin == end) return;
      format_.multiply(panel_ + static_cast<size_t>(begin) * attention_.panel_bytes, n_columns, end - begin,
                       tile.weights + static_cast<size_t>(begin) * attention_.tile_bytes, tile.n,
                       tile.sums + column * panels_.tokens);
    });
  }

  const PanelPass& pass_;
  const AttentionTask& task_;
  const kernels::PanelKernels& panels_;
  const kernels::PanelAttention& attention_;
  int group_, head_dim_, n_queries_;
  size_t row_bytes_;
  const kernels::PanelFormat& format_;
  BlockSizes sizes_;
  std::byte* panel_;
  float* tiles_;
};

}  // namespace

int most_panel_queries(const kernels::PanelKernels& panels, int group) noexcept {
  return std::max(kPanelQueries / panels.tokens * panels.tokens, group);
}

int panel_block_rows(const kernels::PanelKernels& panels, int n_rows, int group) noexcept {
  return divide_up(n_rows, divide_up(n_rows, most_panel_queries(panels, group) / group));
}

size_t panel_attention_floats(const kernels::PanelKernels& panels, int n_queries, int head_dim) noexcept {
  const BlockSizes sizes(panels, head_dim);
  return sizes.panel + static_cast<size_t>(divide_up(n_queries, panels.tokens)) * sizes.of_tile();
}

void PanelPass::run(const AttentionTask& task, float* partials, float* scratch) const noexcept {
  QueryBlock(*this, task, scratch).run(partials);
}

void PanelPass::run(const AttentionTask& task, const Mat& out, float* scratch) const noexcept {
  QueryBlock(*this, task, scratch).run(out);
}

}  // namespace facet::ops::cpu
