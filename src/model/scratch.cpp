#include "model/scratch.h"

#include <cstdint>

namespace facet::model {
namespace {

constexpr size_t kAlignFloats = 16;  // 64 bytes

// Visits every matrix with its width; both the count and the layout come from here.
template <class Visit>
void for_each_matrix(const Config& c, Visit&& visit) {
  using S = Scratch;
  const int n_q = c.n_heads * c.max_head_dim(), n_per_layer = c.n_ple * c.n_layers;
  for (const auto m : {&S::x, &S::h, &S::y}) visit(m, c.n_embd);
  for (const auto m : {&S::q, &S::heads}) visit(m, n_q);
  for (const auto m : {&S::k, &S::v}) visit(m, c.max_kv_width());
  for (const auto m : {&S::gate, &S::up}) visit(m, c.max_ff());
  for (const auto m : {&S::per_layer, &S::per_layer_ctx}) visit(m, n_per_layer);
  visit(&S::ple_gate, c.n_ple);
  visit(&S::router, c.n_experts);
  for (const auto m : {&S::moe_in, &S::moe}) visit(m, c.n_experts > 0 ? c.n_embd : 0);
  for (const auto m : {&S::local_cos, &S::local_sin, &S::global_cos, &S::global_sin}) visit(m, c.max_head_dim() / 2);
}

size_t matrix_floats(int rows, int cols) {
  return (static_cast<size_t>(rows) * static_cast<size_t>(cols) + kAlignFloats - 1) / kAlignFloats * kAlignFloats;
}

}  // namespace

Scratch::Scratch(const Config& c, int rows) : max_rows(rows) {
  size_t n = kAlignFloats;
  for_each_matrix(c, [&](ops::Mat Scratch::*, int cols) { n += matrix_floats(rows, cols); });
  floats_ = std::make_unique_for_overwrite<float[]>(n);
  float* next = floats_.get();
  next += (kAlignFloats - reinterpret_cast<uintptr_t>(next) / sizeof(float) % kAlignFloats) % kAlignFloats;
  for_each_matrix(c, [&](ops::Mat Scratch::*m, int cols) {
    this->*m = {next, rows, cols};
    next += matrix_floats(rows, cols);
  });
  expert_index.resize(static_cast<size_t>(rows) * static_cast<size_t>(c.n_experts_used));
  expert_weight.resize(expert_index.size());
  tail_tokens.reserve(static_cast<size_t>(rows));
  tail_positions.reserve(static_cast<size_t>(rows));
  tail_segments.reserve(static_cast<size_t>(rows));
  tail_media.reserve(static_cast<size_t>(rows));
}

size_t Scratch::count_bytes(const Config& c, int rows) {
  size_t n = kAlignFloats * sizeof(float);
  for_each_matrix(c, [&](ops::Mat Scratch::*, int cols) { n += matrix_floats(rows, cols) * sizeof(float); });
  const size_t expert = static_cast<size_t>(c.n_experts_used) * (sizeof(int) + sizeof(float));
  return n + static_cast<size_t>(rows) * (expert + sizeof(int32_t) + sizeof(int) + sizeof(Segment) + sizeof(MediaRows));
}

}  // namespace facet::model
