// The sizes of all workspaces for a largest step.
#include <numeric>

#include "ops/cpu/panel_attention.h"

namespace facet::ops::cpu {
namespace {

struct Sizes {  // floats
  std::array<size_t, kernels::kPanelKinds> packed;
  size_t rounded, per_thread, partials, gathered, experts, expert_rounded;
};

int n_slots_of(const StepLimits& l) { return l.n_rows * l.n_experts_used; }
// At most: a tile for each that is full, and one for what is left of each expert's rows.
int expert_tiles(const StepLimits& l, const kernels::PanelKernels& panels) {
  return n_slots_of(l) > 0 ? n_slots_of(l) / panels.tokens + l.n_experts : 0;
}

Sizes sizes(const StepLimits& l, const kernels::Kernels& k) {
  const auto n_in = static_cast<size_t>(l.n_in), n_embd = static_cast<size_t>(l.n_embd),
             n_ff = static_cast<size_t>(l.n_expert_ff);
  const int n_queries = l.query_group > 0 ? block_rows(l.n_rows, l.query_group) * l.query_group : 0;
  const auto n_slots = static_cast<size_t>(n_slots_of(l));
  constexpr size_t kBlockBorders = 512;  // an embedding's row is decoded in whole blocks
  Sizes s{};
  s.rounded = static_cast<size_t>(std::min(l.n_rows, kDecodeBatch)) * kernels::rounded_floats(l.n_in);
  s.per_thread = std::max({std::max({n_in, n_embd, n_ff}) + kBlockBorders, attention_floats(n_queries, l.head_dim)});
  const auto add_panels = [&](const kernels::PanelKernels& panels, size_t kind) {
    const int n_tiles = divide_up(l.n_rows, panels.tokens), n_expert_tiles = expert_tiles(l, panels);
    s.packed[kind] = std::max({s.packed[kind], packed_floats(panels, n_tiles, l.n_in),
                               packed_floats(panels, n_expert_tiles, std::max(l.n_embd, l.n_expert_ff))});
    s.per_thread = std::max(s.per_thread, panel_task_floats(panels, std::max(n_tiles, n_expert_tiles)));
    if (l.query_group > 0 && panels.attention.weigh != nullptr) {
      const int n_block = std::min(l.n_rows * l.query_group, most_panel_queries(panels, l.query_group));
      s.per_thread = std::max(s.per_thread, panel_attention_floats(panels, n_block, l.head_dim));
    }
  };
  for (size_t kind = 0; kind < kernels::kPanelKinds; ++kind)
    if (k.panels[kind] != nullptr) add_panels(*k.panels[kind], kind);
  if (k.decoding != nullptr) add_panels(*k.decoding, static_cast<size_t>(kernels::PanelKind::Int16));
  s.partials = Ops::kPartialBytes / sizeof(float);
  const auto n_narrow_slots = static_cast<size_t>(std::min(l.n_rows, kDecodeBatch) * l.n_experts_used);
  s.gathered = n_narrow_slots * n_embd;
  s.experts = n_slots * (2 * n_ff + n_embd);
  s.expert_rounded =
      n_narrow_slots * std::max(kernels::rounded_floats(l.n_embd), kernels::rounded_floats(l.n_expert_ff));
  return s;
}

}  // namespace

void Ops::reserve(const StepLimits& limits) {
  const Sizes s = sizes(limits, k_);
  Buffers& b = *buffers_;
  b.rounded.reserve(s.rounded);
  for (size_t kind = 0; kind < kernels::kPanelKinds; ++kind) b.packed[kind].reserve(s.packed[kind]);
  const auto reserve_tiles = [&](const kernels::PanelKernels& panels, size_t kind) {
    b.tiles[kind].reserve(
        static_cast<size_t>(std::max(divide_up(limits.n_rows, panels.tokens), expert_tiles(limits, panels))));
  };
  for (size_t kind = 0; kind < kernels::kPanelKinds; ++kind)
    if (k_.panels[kind] != nullptr) reserve_tiles(*k_.panels[kind], kind);
  if (k_.decoding != nullptr) reserve_tiles(*k_.decoding, static_cast<size_t>(kernels::PanelKind::Int16));
  b.rows.reserve(static_cast<size_t>(std::max(limits.n_rows, n_slots_of(limits))));
  b.reserve_per_thread(s.per_thread);
  b.gathered.reserve(s.gathered);
  b.experts.reserve(s.experts);
  b.expert_rounded.reserve(s.expert_rounded);
  const auto n_slots = static_cast<size_t>(n_slots_of(limits));
  for (auto* of_slots : {&b.slots_by_expert, &b.slot_place}) of_slots->reserve(n_slots);
  for (auto* of_experts : {&b.expert_begin, &b.expert_next, &b.expert_tiles})
    of_experts->reserve(static_cast<size_t>(limits.n_experts) + 1);
}

size_t Ops::count_bytes(const StepLimits& l, const kernels::Kernels& k, int n_threads, int64_t n_keys) {
  const Sizes s = sizes(l, k);
  const size_t n_partials = static_cast<size_t>(l.n_rows) * static_cast<size_t>(l.n_heads) *
                            static_cast<size_t>(n_keys / kSpanTokens + 1) * partial_floats(l.head_dim);
  return sizeof(float) * (s.rounded + std::accumulate(s.packed.begin(), s.packed.end(), size_t{0}) +
                          s.per_thread * static_cast<size_t>(n_threads) + std::min(s.partials, n_partials) +
                          s.gathered + s.experts + s.expert_rounded);
}

}  // namespace facet::ops::cpu
