// Workspaces of cpu::Ops that grow to what is asked for and never shrink, and its loop over rows. Internal to ops/cpu/.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "ops/cpu/cpu_ops.h"

namespace facet::ops::cpu {

inline int divide_up(int a, int b) noexcept { return (a + b - 1) / b; }

constexpr int kSpanTokens = 512;  // keys of one partial result of attention
constexpr int kBlockRows = 4;     // query rows that share a pass over the keys
// What a task of attention leaves behind for one query head: values[head_dim], then maximum and sum.
inline size_t partial_floats(int head_dim) { return static_cast<size_t>(head_dim + 2 + 15) / 16 * 16; }
// A task's scaled queries and scores.
inline size_t attention_floats(int n_queries, int head_dim) {
  return static_cast<size_t>(n_queries) * static_cast<size_t>(head_dim + kernels::kTileTokens);
}
inline int block_rows(int n_rows, int group) noexcept {
  return std::max(1, std::min({kBlockRows, kMaxQueryGroup / group, n_rows}));
}

// Memory of panels, in floats: an unpacked panel; all pieces of packed tiles; the sums of as many tiles as pass a panel
// together.
constexpr size_t kSumBytes = 512 << 10;
inline size_t panel_floats(const kernels::PanelKernels& k) {
  return (static_cast<size_t>(k.rows) * k.row_bytes + 63) / 64 * 16;
}
inline size_t packed_floats(const kernels::PanelKernels& k, int n_tiles, int n_in) {
  return static_cast<size_t>(n_tiles) * static_cast<size_t>(divide_up(n_in, kernels::kPanelDepth)) * k.tile_bytes /
         sizeof(float);
}
inline int tiles_together(const kernels::PanelKernels& k) {
  return static_cast<int>(kSumBytes / sizeof(float)) / (k.rows * k.tokens);
}
// What a task needs that multiplies a panel with n_tiles tiles.
inline size_t panel_task_floats(const kernels::PanelKernels& k, int n_tiles) {
  return panel_floats(k) +
         static_cast<size_t>(k.rows * k.tokens) * static_cast<size_t>(std::min(n_tiles, tiles_together(k)));
}

// 64-byte aligned floats whose contents do not survive growing.
class FloatBuffer {
 public:
  float* reserve(size_t n) {
    if (n > size_) {
      memory_ = std::make_unique_for_overwrite<float[]>(n + kAlign);
      size_ = n;
    }
    return data();
  }
  float* data() const {
    const auto address = reinterpret_cast<uintptr_t>(memory_.get());
    return memory_.get() + (kAlign - address / sizeof(float) % kAlign) % kAlign;
  }

 private:
  static constexpr size_t kAlign = 16;
  std::unique_ptr<float[]> memory_;
  size_t size_ = 0;
};

struct Ops::Buffers {
  FloatBuffer rounded;                                   // activations of products that no panel computes
  std::array<FloatBuffer, kernels::kPanelKinds> packed;  // rows that meet panels, and how they are cut
  std::array<std::vector<Tile>, kernels::kPanelKinds> tiles;
  std::vector<const float*> rows;
  FloatBuffer partials;  // of attention: kPartialBytes
  FloatBuffer experts, expert_rounded, gathered;
  std::unique_ptr<FloatBuffer[]> per_thread;
  int n_threads = 0;
  // Slots in the order of their experts: slots_by_expert[expert_begin[e] .. expert_begin[e + 1]) use expert e;
  // slot_place is the inverse of slots_by_expert.
  std::vector<int> slots_by_expert, slot_place, expert_begin, expert_next;
  std::vector<int> expert_tiles;  // expert e has the tiles [expert_tiles[e], expert_tiles[e + 1])

  // Adds rows [begin, end) in tiles of n_tile.
  static void cut(int begin, int end, int n_tile, std::vector<Tile>& tiles) {
    for (int r = begin; r < end; r += n_tile) tiles.push_back({r, std::min(n_tile, end - r)});
  }

  // Room for every thread at once: which of them a task will meet is chance, and a decode step should allocate nothing
  // once it has been done.
  void reserve_per_thread(size_t n) {
    for (int t = 0; t < n_threads; ++t) per_thread[static_cast<size_t>(t)].reserve(n);
  }
  float* of_thread(int t) const { return per_thread[static_cast<size_t>(t)].data(); }
};

// Work of so many elements stays on one thread: a barrier would cost more than it saves.
constexpr int64_t kSmallElements = 16384;

// Calls row(r) for every row.
template <class Row>
void Ops::for_rows(int n_rows, int n_cols, Row&& row) noexcept {
  const int rows_per_task = static_cast<int>(std::max<int64_t>(1, kSmallElements / std::max(1, n_cols)));
  const int n_tasks = divide_up(n_rows, rows_per_task);
  threads_.run(n_tasks, [&](int task, int) {
    const int end = std::min(n_rows, (task + 1) * rows_per_task);
    for (int r = task * rows_per_task; r < end; ++r) row(r);
  });
}

}  // namespace facet::ops::cpu
