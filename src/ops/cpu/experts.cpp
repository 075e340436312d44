// Mixture of experts: rows are grouped by the expert they use, so that each expert's weights are read once.
#include <algorithm>
#include <cstring>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
void Ops::experts(Mat out, ConstMat x, const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
                  const ExpertWeight& down) noexcept {
  const int n_ff = down.first.n_in, n_slots = routing.n_rows * routing.n_used, n_in = x.n_cols, n_out = out.n_cols;
  Buffers& b = *buffers_;
  // Slots (row, j) in the order of their experts: slot list[begin[e] .. begin[e + 1]) use expert e.
  b.expert_begin.assign(static_cast<size_t>(gate.n_experts) + 1, 0);
  for (int s = 0; s < n_slots; ++s) ++b.expert_begin[static_cast<size_t>(routing.index[s]) + 1];
  for (size_t e = 0; e < static_cast<size_t>(gate.n_experts); ++e) b.expert_begin[e + 1] += b.expert_begin[e];
  b.expert_rows.resize(static_cast<size_t>(n_slots));
  for (int e = 0, next = 0; e < gate.n_experts; ++e) {
    if (b.expert_begin[static_cast<size_t>(e)] == b.expert_begin[static_cast<size_t>(e) + 1]) continue;
    for (int s = 0; s < n_slots; ++s)
      if (routing.index[s] == e) b.expert_rows[static_cast<size_t>(next++)] = s;
  }

  // Gathered inputs, hidden activations (gate and up side by side) and outputs, a row a slot.
  const Mat gathered(b.gathered.reserve(static_cast<size_t>(n_slots) * static_cast<size_t>(n_in)), n_slots, n_in);
  float* memory = b.experts.reserve(static_cast<size_t>(n_slots) * static_cast<size_t>(2 * n_ff + n_out));
  const Mat hidden(memory, n_slots, 2 * n_ff);
  const Mat result(memory + static_cast<size_t>(n_slots) * static_cast<size_t>(2 * n_ff), n_slots, n_out);
  // What matvec wants of the inputs, later of the hidden activations.
  const size_t in_stride = kernels::prepared_floats(n_in), ff_stride = kernels::prepared_floats(n_ff);
  float* prepared = b.expert_prepared.reserve(static_cast<size_t>(n_slots) * std::max(in_stride, ff_stride));
  for_rows(n_slots, n_in, [&](int i) {
    std::memcpy(gathered.row(i), x.row(b.expert_rows[static_cast<size_t>(i)] / routing.n_used),
                sizeof(float) * static_cast<size_t>(n_in));
    k_.prepare(gathered.row(i), n_in, prepared + static_cast<size_t>(i) * in_stride);
  });

  // One list of tasks: (expert, block of its output rows); every task streams its weights past the expert's slots.
  constexpr int kRows = 64;
  const auto multiply = [&](const ExpertWeight& stack, int first_out, int n, ConstMat in, size_t stride, Mat to,
                            int to_col) {
    const int n_blocks = divide_up(n, kRows);
    threads_.run(gate.n_experts * n_blocks, [&](int task, int) {
      const auto e = static_cast<size_t>(task / n_blocks);
      const int first_slot = b.expert_begin[e], n_rows = b.expert_begin[e + 1] - first_slot;
      if (n_rows == 0) return;
      const int begin = task % n_blocks * kRows, count = std::min(kRows, n - begin);
      const Weight w = stack.expert(static_cast<int>(e)).rows(first_out + begin, count);
      const kernels::Columns columns{in.row(first_slot), in.stride, prepared + static_cast<size_t>(first_slot) * stride,
                                     stride};
      k_.matvec[static_cast<size_t>(w.type)](w.data, w.row_bytes(), w.n_in, count, columns, n_rows,
                                             to.row(first_slot) + to_col + begin, to.stride);
      if (w.scale != 1)
        for (int r = 0; r < n_rows; ++r) k_.scale(to.row(first_slot + r) + to_col + begin, count, w.scale);
    });
  };
  multiply(gate, 0, up.empty() ? 2 * n_ff : n_ff, gathered, in_stride, hidden, 0);
  if (!up.empty()) multiply(up, 0, n_ff, gathered, in_stride, hidden, n_ff);
  for_rows(n_slots, n_ff, [&](int i) {
    k_.gelu_mul(hidden.row(i), hidden.row(i), hidden.row(i) + n_ff, n_ff);
    k_.prepare(hidden.row(i), n_ff, prepared + static_cast<size_t>(i) * ff_stride);
  });
  multiply(down, 0, n_out, ConstMat(hidden.cols(0, n_ff)), ff_stride, result, 0);

  // Each row's experts are added in the order of its own list.
  std::vector<int>& place = b.slot_place;
  place.resize(static_cast<size_t>(n_slots));
  for (int i = 0; i < n_slots; ++i) place[static_cast<size_t>(b.expert_rows[static_cast<size_t>(i)])] = i;
  for_rows(out.n_rows, n_out * routing.n_used, [&](int r) {
    std::memset(out.row(r), 0, sizeof(float) * static_cast<size_t>(n_out));
    for (int j = 0; j < routing.n_used; ++j) {
      const int slot = r * routing.n_used + j;
      k_.add_scaled(out.row(r), result.row(place[static_cast<size_t>(slot)]), n_out, routing.weight[slot]);
    }
  });
}

}  // namespace facet::ops::cpu
