#include "ops/timed_ops.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace facet::ops {
namespace {

OpTime& operator+=(OpTime& a, const OpTime& b) {
  a.n_calls += b.n_calls;
  a.seconds += b.seconds;
  a.bytes += b.bytes;
  a.flops += b.flops;
  return a;
}

// One pass over w for n_rows rows.
OpTime product(const Weight& w, int n_rows) {
  return {0, 0, static_cast<double>(w.n_bytes()), 2.0 * w.n_in * w.n_out * n_rows};
}

std::string named(std::string_view op, const Weight& w) {
  return std::string(op) + " " + std::string(quant::block_info(w.type).name);
}

// Keys that a row sees, a run that reaches beyond it included.
int64_t n_visible(const AttnSpec& spec, int position) {
  int last = position;
  for (const BidirectionalRun& run : spec.runs)
    if (run.begin <= position && position < run.end) last = std::max(last, run.end - 1);
  const int first = spec.window > 0 ? std::max(0, position - spec.window + 1) : 0;
  return int64_t{last} - first + 1;
}

// Keys and values count once for all rows: as many as the rows see together, positions ascending.
OpTime attention_work(ConstMat q, const KvView& kv, const AttnSpec& spec) {
  if (spec.positions.empty()) return {};
  const int64_t n_keys = n_visible(spec, spec.positions.back()) + spec.positions.back() - spec.positions.front();
  int64_t n_scores = 0;
  for (const int position : spec.positions) n_scores += n_visible(spec, position);
  return {0, 0,
          2.0 * static_cast<double>(std::min<int64_t>(n_keys, int64_t{spec.positions.back()} + 1)) * kv.n_heads *
              static_cast<double>(kv.row_bytes()),
          4.0 * static_cast<double>(n_scores) * q.n_cols};
}

OpTime experts_work(const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
                    const ExpertWeight& down) {
  const auto n_slots = static_cast<size_t>(routing.n_rows) * static_cast<size_t>(routing.n_used);
  std::vector<bool> is_used(static_cast<size_t>(gate.n_experts));
  for (size_t i = 0; i < n_slots; ++i) is_used[static_cast<size_t>(routing.index[i])] = true;
  const auto n_used = static_cast<double>(std::count(is_used.begin(), is_used.end(), true));
  OpTime work;
  for (const ExpertWeight* w : {&gate, &up, &down}) {
    if (w->empty()) continue;
    OpTime one = product(w->first, static_cast<int>(n_slots));
    one.bytes *= n_used;
    work += one;
  }
  return work;
}

}  // namespace

template <class Run>
void TimedOps::timed(std::string_view name, const OpTime& work, Run&& run) noexcept {
  const auto start = std::chrono::steady_clock::now();
  run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  auto at = times_.find(name);
  if (at == times_.end()) at = times_.emplace(name, OpTime{}).first;
  at->second += work;
  at->second += OpTime{1, seconds, 0, 0};
}

void TimedOps::embed(Mat out, std::span<const int32_t> ids, const Weight& table, int first_col, float scale) noexcept {
  timed("embed", {}, [&] { ForwardingOps::embed(out, ids, table, first_col, scale); });
}

void TimedOps::rms_norm(Mat out, ConstMat x, Vec w, float eps) noexcept {
  timed("rms_norm", {}, [&] { ForwardingOps::rms_norm(out, x, w, eps); });
}

void TimedOps::linear(Mat out, ConstMat x, const Weight& w) noexcept {
  timed(named("linear", w), product(w, x.n_rows), [&] { ForwardingOps::linear(out, x, w); });
}

// Named by the first: a layer's are nearly always of one type.
void TimedOps::linears(std::span<const Projection> projections, ConstMat x) noexcept {
  if (projections.empty()) return;
  OpTime work;
  for (const Projection& p : projections) work += product(*p.w, x.n_rows);
  timed(named("linears", *projections.front().w), work, [&] { ForwardingOps::linears(projections, x); });
}

void TimedOps::gelu_mul(Mat out, ConstMat gate, ConstMat up) noexcept {
  timed("gelu_mul", {}, [&] { ForwardingOps::gelu_mul(out, gate, up); });
}

void TimedOps::gated_linear(Mat out, Mat up, ConstMat x, const Weight& gate_w, const Weight& up_w) noexcept {
  OpTime work = product(gate_w, x.n_rows);
  work += product(up_w, x.n_rows);
  timed(named("gated_linear", gate_w), work, [&] { ForwardingOps::gated_linear(out, up, x, gate_w, up_w); });
}

void TimedOps::rope(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept {
  timed("rope", {}, [&] { ForwardingOps::rope(x, head_dim, cos, sin); });
}

void TimedOps::store_kv(const KvView& kv, std::span<const int> positions, ConstMat k, ConstMat v) noexcept {
  timed("store_kv", {}, [&] { ForwardingOps::store_kv(kv, positions, k, v); });
}

void TimedOps::attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept {
  timed("attention", attention_work(q, kv, spec), [&] { ForwardingOps::attention(out, q, kv, spec); });
}

void TimedOps::add(Mat x, ConstMat y) noexcept {
  timed("add", {}, [&] { ForwardingOps::add(x, y); });
}

void TimedOps::scale(Mat x, float factor) noexcept {
  timed("scale", {}, [&] { ForwardingOps::scale(x, factor); });
}

void TimedOps::scale_cols(Mat out, ConstMat x, Vec factors) noexcept {
  timed("scale_cols", {}, [&] { ForwardingOps::scale_cols(out, x, factors); });
}

void TimedOps::softcap(Mat x, float cap) noexcept {
  timed("softcap", {}, [&] { ForwardingOps::softcap(x, cap); });
}

void TimedOps::copy(Mat out, ConstMat x) noexcept {
  timed("copy", {}, [&] { ForwardingOps::copy(out, x); });
}

void TimedOps::copy_rows(Mat out, ConstMat x, std::span<const int> rows) noexcept {
  timed("copy_rows", {}, [&] { ForwardingOps::copy_rows(out, x, rows); });
}

void TimedOps::add_rms_norm(Mat x, Mat y, Vec w, float eps) noexcept {
  timed("add_rms_norm", {}, [&] { ForwardingOps::add_rms_norm(x, y, w, eps); });
}

void TimedOps::route(const Routing& routing, Mat logits, Vec expert_scale) noexcept {
  timed("route", {}, [&] { ForwardingOps::route(routing, logits, expert_scale); });
}

void TimedOps::experts(Mat out, ConstMat x, const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
                       const ExpertWeight& down) noexcept {
  timed(named("experts", gate.first), experts_work(routing, gate, up, down),
        [&] { ForwardingOps::experts(out, x, routing, gate, up, down); });
}

void TimedOps::rope_2d(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept {
  timed("rope_2d", {}, [&] { ForwardingOps::rope_2d(x, head_dim, cos, sin); });
}

void TimedOps::clamp(Mat out, ConstMat x, float low, float high) noexcept {
  timed("clamp", {}, [&] { ForwardingOps::clamp(out, x, low, high); });
}

void TimedOps::add_row(Mat x, Vec row) noexcept {
  timed("add_row", {}, [&] { ForwardingOps::add_row(x, row); });
}

void TimedOps::layer_norm(Mat out, ConstMat x, Vec w, Vec b, float eps) noexcept {
  timed("layer_norm", {}, [&] { ForwardingOps::layer_norm(out, x, w, b, eps); });
}

void TimedOps::relu(Mat x) noexcept {
  timed("relu", {}, [&] { ForwardingOps::relu(x); });
}

void TimedOps::silu(Mat x) noexcept {
  timed("silu", {}, [&] { ForwardingOps::silu(x); });
}

void TimedOps::glu(Mat out, ConstMat a, ConstMat b) noexcept {
  timed("glu", {}, [&] { ForwardingOps::glu(out, a, b); });
}

void TimedOps::pool(Mat out, ConstMat x, int n_cols, int size, float factor) noexcept {
  timed("pool", {}, [&] { ForwardingOps::pool(out, x, n_cols, size, factor); });
}

void TimedOps::depthwise_conv(Mat out, ConstMat x, ConstMat w) noexcept {
  timed("depthwise_conv", {}, [&] { ForwardingOps::depthwise_conv(out, x, w); });
}

void TimedOps::conv_2d(Mat out, ConstMat x, int n_channels, const Weight& w) noexcept {
  timed(named("conv_2d", w), product(w, out.n_rows * (out.n_cols / w.n_out)),
        [&] { ForwardingOps::conv_2d(out, x, n_channels, w); });
}

void TimedOps::local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                               const LocalAttnSpec& spec) noexcept {
  timed("local_attention", {0, 0, 0, 4.0 * q.n_rows * distance_k.n_rows * q.n_cols},
        [&] { ForwardingOps::local_attention(out, q, k, v, distance_k, spec); });
}

}  // namespace facet::ops
