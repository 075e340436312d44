// Matrix products. Up to kMaxColumns rows stream the weights through the matrix-vector kernels; more rows use
// panels: weights are decoded once per panel and met by all tokens.
#include <algorithm>
#include <cstring>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
namespace {

// A task's share of a matrix, in bytes: large enough to stream, small enough to balance threads.
constexpr size_t kTaskBytes = 128 << 10;

int rows_per_task(const Weight& w) {
  const auto rows = static_cast<int>(kTaskBytes / std::max<size_t>(1, w.row_bytes()));
  return std::clamp(rows, 4, 512);
}

}  // namespace

bool Ops::rounds(const Weight& w) const noexcept {
  return activations_ == Activations::Int16 && kernels::rounds_columns(w.type);
}

kernels::Columns Ops::round(ConstMat x) noexcept {
  const size_t stride = kernels::rounded_floats(x.n_cols);
  float* rounded = buffers_->rounded.reserve(stride * static_cast<size_t>(x.n_rows));
  for (int r = 0; r < x.n_rows; ++r) k_.round(x.row(r), x.n_cols, rounded + static_cast<size_t>(r) * stride);
  return {x.data, x.stride, rounded, stride};
}

void Ops::linear(Mat out, ConstMat x, const Weight& w) noexcept {
  const Projection one{out, &w};
  linears({&one, 1}, x);
}

void Ops::linears(std::span<const Projection> projections, ConstMat x) noexcept {
  if (x.n_rows == 0) return;
  if (x.n_rows <= kernels::kMaxColumns)
    narrow(projections, x);
  else
    wide(projections, x);
}

void Ops::multiply(const Weight& w, const kernels::Columns& x, int n_cols, Mat out, int thread) noexcept {
  if (!rounds(w) && kernels::rounds_columns(w.type)) {
    float* row = buffers_->of_thread(thread);
    for (int o = 0; o < w.n_out; ++o) {
      k_.decode[static_cast<size_t>(w.type)](w.rows(o, 1).data, row, w.n_in);
      k_.matvec[static_cast<size_t>(quant::BlockType::F32)](reinterpret_cast<const std::byte*>(row), 0, w.n_in, 1, x,
                                                            n_cols, out.data + o, out.stride);
    }
  } else {
    k_.matvec[static_cast<size_t>(w.type)](w.data, w.row_bytes(), w.n_in, w.n_out, x, n_cols, out.data, out.stride);
  }
  if (w.scale != 1)
    for (int c = 0; c < n_cols; ++c) k_.scale(out.row(c), w.n_out, w.scale);
}

void Ops::narrow(std::span<const Projection> projections, ConstMat x) noexcept {
  const bool some_round = std::any_of(projections.begin(), projections.end(), [&](auto& p) { return rounds(*p.w); });
  const kernels::Columns columns = some_round ? round(x) : kernels::Columns{x.data, x.stride, nullptr, 0};
  int n_tasks = 0;
  for (const Projection& p : projections) n_tasks += divide_up(p.w->n_out, rows_per_task(*p.w));
  buffers_->reserve_per_thread(static_cast<size_t>(x.n_cols));
  threads_.run(n_tasks, [&](int task, int thread) {
    const Projection* p = projections.data();
    for (int n; task >= (n = divide_up(p->w->n_out, rows_per_task(*p->w))); ++p) task -= n;
    const Weight& w = *p->w;
    const int begin = task * rows_per_task(w), n = std::min(rows_per_task(w), w.n_out - begin);
    multiply(w.rows(begin, n), columns, x.n_rows, p->out.cols(begin, n), thread);
  });
}

void Ops::wide(std::span<const Projection> projections, ConstMat x) noexcept {
  const int tile = k_.panel_tokens, n_tiles = divide_up(x.n_rows, tile), n_in = x.n_cols;
  const size_t tile_floats = static_cast<size_t>(tile) * static_cast<size_t>(n_in);
  float* packed = buffers_->packed.reserve(tile_floats * static_cast<size_t>(n_tiles));
  threads_.run(n_tiles, [&](int t, int) {
    const int n = std::min(tile, x.n_rows - t * tile);
    k_.pack_tokens(x.row(t * tile), x.stride, n, n_in, packed + static_cast<size_t>(t) * tile_floats);
  });

  // A panel's decoded weights stay in the second-level cache while all tokens pass by.
  int n_tasks = 0;
  for (const Projection& p : projections) n_tasks += divide_up(p.w->n_out, kPanelRows);
  const auto acc_floats = static_cast<size_t>(kPanelRows) * static_cast<size_t>(tile);
  buffers_->reserve_per_thread(panel_floats(tile, n_tiles));
  threads_.run(n_tasks, [&](int task, int thread) {
    const Projection* p = projections.data();
    for (int n; task >= (n = divide_up(p->w->n_out, kPanelRows)); ++p) task -= n;
    const Weight& w = *p->w;
    const int begin = task * kPanelRows, n_rows = std::min(kPanelRows, w.n_out - begin);
    float* weights = buffers_->of_thread(thread);
    float* acc = weights + static_cast<size_t>(kPanelRows) * kPanelDepth;
    std::memset(acc, 0, acc_floats * static_cast<size_t>(n_tiles) * sizeof(float));
    const auto decode = k_.decode[static_cast<size_t>(w.type)];
    for (int i = 0; i < n_in; i += kPanelDepth) {
      const int depth = std::min(kPanelDepth, n_in - i);
      const size_t skip = quant::row_bytes(w.type, static_cast<size_t>(i));
      for (int r = 0; r < n_rows; ++r)
        decode(w.data + w.row_bytes() * static_cast<size_t>(begin + r) + skip,
               weights + static_cast<size_t>(r) * kPanelDepth, depth);
      for (int t = 0; t < n_tiles; ++t)
        k_.panel(weights, kPanelDepth, n_rows, depth,
                 packed + static_cast<size_t>(t) * tile_floats + static_cast<size_t>(i) * static_cast<size_t>(tile),
                 std::min(tile, x.n_rows - t * tile), acc + static_cast<size_t>(t) * acc_floats);
    }
    for (int token = 0; token < x.n_rows; ++token) {
      const float* from = acc + static_cast<size_t>(token / tile) * acc_floats + token % tile;
      float* to = p->out.row(token) + begin;
      for (int r = 0; r < n_rows; ++r) to[r] = from[r * tile] * w.scale;
    }
  });
}

}  // namespace facet::ops::cpu
