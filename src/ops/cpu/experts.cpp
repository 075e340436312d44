// Mixture of experts: rows are grouped by the expert they use, so that each expert's weights are read once. A slot is a
// row's j-th expert: number row * n_used + j; sorted slots stand in the order of their experts. The step, not the rows
// of an expert, decides whether they take panels: a row's result does not depend on which experts others choose.
#include <algorithm>
#include <cstring>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {

void Ops::sort_slots(const Routing& routing, int n_experts) noexcept {
  Buffers& b = *buffers_;
  const int n_slots = routing.n_rows * routing.n_used;
  b.expert_begin.assign(static_cast<size_t>(n_experts) + 1, 0);
  for (int s = 0; s < n_slots; ++s) ++b.expert_begin[static_cast<size_t>(routing.index[s]) + 1];
  for (size_t e = 0; e < static_cast<size_t>(n_experts); ++e) b.expert_begin[e + 1] += b.expert_begin[e];
  b.slots_by_expert.resize(static_cast<size_t>(n_slots));
  b.slot_place.resize(static_cast<size_t>(n_slots));
  b.expert_next.assign(b.expert_begin.begin(), b.expert_begin.end());
  for (int s = 0; s < n_slots; ++s) {
    const int place = b.expert_next[static_cast<size_t>(routing.index[s])]++;
    b.slots_by_expert[static_cast<size_t>(place)] = s;
    b.slot_place[static_cast<size_t>(s)] = place;
  }
}

void Ops::multiply_slots(const ExpertWeight& stack, const Mat& out, const kernels::Columns& in) noexcept {
  constexpr int kRows = 64;
  const int n_blocks = divide_up(out.n_cols, kRows);
  // One list of tasks: (expert, block of its output rows); every task streams its weights past the expert's slots.
  buffers_->reserve_per_thread(static_cast<size_t>(stack.first.n_in));
  threads_.run(stack.n_experts * n_blocks, [&](int task, int thread) {
    const auto e = static_cast<size_t>(task / n_blocks);
    const int first_slot = buffers_->expert_begin[e], n_slots = buffers_->expert_begin[e + 1] - first_slot;
    if (n_slots == 0) return;
    const int begin = task % n_blocks * kRows, count = std::min(kRows, out.n_cols - begin);
    multiply(stack.expert(static_cast<int>(e)).rows(begin, count), in.from(static_cast<size_t>(first_slot)), n_slots,
             out.rows(first_slot, n_slots).cols(begin, count), thread);
  });
}

PackedRows Ops::pack_slots(const PanelChoice& choice, int n_in) noexcept {
  Buffers& b = *buffers_;
  std::vector<Tile>& tiles = b.tiles[static_cast<size_t>(choice.kind)];
  tiles.clear();
  b.expert_tiles.assign(1, 0);
  for (size_t e = 0; e + 1 < b.expert_begin.size(); ++e) {
    Buffers::cut(b.expert_begin[e], b.expert_begin[e + 1], choice.panels->tokens, tiles);
    b.expert_tiles.push_back(static_cast<int>(tiles.size()));
  }
  return pack(choice, n_in);
}

void Ops::multiply_panels(const ExpertWeight& stack, const PackedRows& slots, const Mat& out) noexcept {
  Buffers& b = *buffers_;
  const int panel_rows = slots.panels->rows, n_blocks = divide_up(out.n_cols, panel_rows);
  b.reserve_per_thread(panel_task_floats(*slots.panels, slots.n_tiles));
  threads_.run(stack.n_experts * n_blocks, [&](int task, int thread) {
    const auto e = static_cast<size_t>(task / n_blocks);
    const TileRange range{b.expert_tiles[e], b.expert_tiles[e + 1]};
    const int begin = task % n_blocks * panel_rows, count = std::min(panel_rows, out.n_cols - begin);
    multiply_panel(stack.expert(static_cast<int>(e)).rows(begin, count), slots, range, out.cols(begin, count), thread);
  });
}

void Ops::narrow_experts(const SlotMats& m, ConstMat x, const Routing& routing, const ExpertWeight& gate,
                         const ExpertWeight& up, const ExpertWeight& down) noexcept {
  Buffers& b = *buffers_;
  const int n_slots = m.result.n_rows, n_ff = down.first.n_in, n_in = x.n_cols;
  // Gathered inputs, a row a sorted slot, and what matvec wants of them, later of the hidden activations.
  const auto n = static_cast<size_t>(n_slots);
  const Mat gathered(b.gathered.reserve(n * static_cast<size_t>(n_in)), n_slots, n_in);
  const size_t in_stride = kernels::rounded_floats(n_in), ff_stride = kernels::rounded_floats(n_ff);
  float* rounded = b.expert_rounded.reserve(n * std::max(in_stride, ff_stride));
  for_rows(n_slots, n_in, [&](int i) {
    std::memcpy(gathered.row(i), x.row(b.slots_by_expert[static_cast<size_t>(i)] / routing.n_used),
                sizeof(float) * static_cast<size_t>(n_in));
    if (rounds(gate.first) || rounds(up.first))
      round_row(gathered.row(i), n_in, rounded + static_cast<size_t>(i) * in_stride);
  });
  const kernels::Columns inputs{gathered.data, gathered.stride, rounded, in_stride};
  multiply_slots(gate, m.gate, inputs);
  if (!up.empty()) multiply_slots(up, m.up, inputs);
  for_rows(n_slots, n_ff, [&](int i) {
    k_.gelu_mul(m.hidden.row(i), m.hidden.row(i), m.up.row(i), n_ff);
    if (rounds(down.first)) round_row(m.hidden.row(i), n_ff, rounded + static_cast<size_t>(i) * ff_stride);
  });
  multiply_slots(down, m.result, {m.hidden.data, m.hidden.stride, rounded, ff_stride});
}

void Ops::wide_experts(const SlotMats& m, ConstMat x, const Routing& routing, const ExpertWeight& gate,
                       const ExpertWeight& up, const ExpertWeight& down) noexcept {
  Buffers& b = *buffers_;
  const int n_slots = m.result.n_rows, n_ff = down.first.n_in;
  b.rows.resize(static_cast<size_t>(n_slots));
  for (size_t i = 0; i < b.rows.size(); ++i) b.rows[i] = x.row(b.slots_by_expert[i] / routing.n_used);
  const auto choice_of = [&](const ExpertWeight& stack) {
    return *choose_panels(stack.first, decodes(routing.n_rows));
  };
  const PanelChoice choice = choice_of(gate);
  const PackedRows inputs = pack_slots(choice, x.n_cols);
  multiply_panels(gate, inputs, m.gate);
  if (!up.empty()) {
    const PanelChoice of_up = choice_of(up);
    multiply_panels(up, of_up.kind == choice.kind ? inputs : pack_slots(of_up, x.n_cols), m.up);
  }
  for_rows(n_slots, n_ff, [&](int i) { k_.gelu_mul(m.hidden.row(i), m.hidden.row(i), m.up.row(i), n_ff); });
  for (size_t i = 0; i < b.rows.size(); ++i) b.rows[i] = m.hidden.row(static_cast<int>(i));
  multiply_panels(down, pack_slots(choice_of(down), n_ff), m.result);
}

void Ops::experts(Mat out, ConstMat x, const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
                  const ExpertWeight& down) noexcept {
  const int n_ff = down.first.n_in, n_slots = routing.n_rows * routing.n_used, n_out = out.n_cols;
  Buffers& b = *buffers_;
  sort_slots(routing, gate.n_experts);

  // Hidden activations (gate and up side by side) and outputs, a row a sorted slot.
  const auto n = static_cast<size_t>(n_slots);
  float* memory = b.experts.reserve(n * static_cast<size_t>(2 * n_ff + n_out));
  const Mat both(memory, n_slots, 2 * n_ff), result(memory + n * static_cast<size_t>(2 * n_ff), n_slots, n_out);
  const SlotMats mats{both.cols(0, up.empty() ? 2 * n_ff : n_ff), both.cols(n_ff, n_ff), both, result};
  const auto takes_panels = [&](const ExpertWeight& stack) {
    return stack.empty() || choose_panels(stack.first, decodes(routing.n_rows)).has_value();
  };
  if (takes_panels(gate) && takes_panels(up) && takes_panels(down))
    wide_experts(mats, x, routing, gate, up, down);
  else
    narrow_experts(mats, x, routing, gate, up, down);

  // Each row's experts are added in the order of its own list.
  for_rows(out.n_rows, n_out * routing.n_used, [&](int r) {
    std::memset(out.row(r), 0, sizeof(float) * static_cast<size_t>(n_out));
    for (int slot = r * routing.n_used; slot < (r + 1) * routing.n_used; ++slot)
      k_.add_scaled(out.row(r), result.row(b.slot_place[static_cast<size_t>(slot)]), n_out, routing.weight[slot]);
  });
}

}  // namespace facet::ops::cpu
