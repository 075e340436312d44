// Attention for the rows of a prompt. All queries of a KV head are tokens of tiles: scores are the product of a panel
// of keys with them, the softmax runs down the lanes, and what the values add up to is the product of a panel of their
// columns with the weights. A panel is unpacked once for all tiles of a block. Internal to ops/cpu/.
#pragma once

#include "ops/cpu/attention_tasks.h"

namespace facet::ops::cpu {

constexpr int kPanelSpanTokens = 2048;  // keys of one partial result

// Queries of a block: at most as many as fill a few tiles, or a row's; no fewer for a larger group.
int most_panel_queries(const kernels::PanelKernels& panels, int group) noexcept;
// Rows of a block, evenly many in all blocks.
int panel_block_rows(const kernels::PanelKernels& panels, int n_rows, int group) noexcept;

// What a task with this many queries needs.
size_t panel_attention_floats(const kernels::PanelKernels& panels, int n_queries, int head_dim) noexcept;

// What a call's tasks have in common.
struct PanelPass {
  const kernels::PanelKernels& panels;
  ConstMat q;
  const KvView& kv;
  const AttnSpec& spec;

  int group() const noexcept { return q.n_cols / kv.head_dim / kv.n_heads; }

  // scratch: panel_attention_floats() of the task.
  void run(const AttentionTask& task, float* partials, float* scratch) const noexcept;
  // A task with all keys of its rows gives their results.
  void run(const AttentionTask& task, const Mat& out, float* scratch) const noexcept;
};

}  // namespace facet::ops::cpu
