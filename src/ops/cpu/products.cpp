// Matrix products. Many rows use panels: weights are decoded once per panel and met by all tokens. So do few rows
// whose weights the kernels multiply in the order of panels without decoding them; other weights of a decode step are
// streamed through the matrix-vector kernels.
#include <algorithm>
#include <array>
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

// Asks for n_bytes of each of the rows [begin, end): what will be unpacked, or stored, next is on its way while tiles
// are multiplied.
void ask_for_rows(const void* first_row, size_t row_bytes, size_t n_bytes, int begin, int end) {
  for (int r = begin; r < end; ++r) {
    const std::byte* row = static_cast<const std::byte*>(first_row) + static_cast<size_t>(r) * row_bytes;
    for (size_t i = 0; i < n_bytes; i += 64) __builtin_prefetch(row + i, 0, 2);
  }
}

}  // namespace

bool Ops::rounds(const Weight& w) const noexcept {
  return activations_ != Activations::F32 && kernels::rounds_columns(w.type);
}

kernels::Rounding Ops::rounding() const noexcept {
  return activations_ == Activations::Int8 ? kernels::Rounding::Int8 : kernels::Rounding::Int16;
}

kernels::Columns Ops::round(ConstMat x) noexcept {
  const size_t stride = kernels::rounded_floats(x.n_cols);
  float* rounded = buffers_->rounded.reserve(stride * static_cast<size_t>(x.n_rows));
  for (int r = 0; r < x.n_rows; ++r) round_row(x.row(r), x.n_cols, rounded + static_cast<size_t>(r) * stride);
  return {x.data, x.stride, rounded, stride};
}

void Ops::linear(Mat out, ConstMat x, const Weight& w) noexcept {
  const Projection one{out, &w};
  linears({&one, 1}, x);
}

void Ops::linears(std::span<const Projection> projections, ConstMat x) noexcept {
  if (x.n_rows == 0) return;
  const auto takes_panels = [&](const Projection& p) { return choose_panels(*p.w, decodes(x.n_rows)).has_value(); };
  for (size_t begin = 0, end = 0; begin < projections.size(); begin = end) {
    const bool is_wide = takes_panels(projections[begin]);
    while (end < projections.size() && takes_panels(projections[end]) == is_wide) ++end;
    const auto alike = projections.subspan(begin, end - begin);
    is_wide ? wide(alike, x) : narrow(alike, x);
  }
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
    k_.matvec_of(w.type, rounding())(w.data, w.row_bytes(), w.n_in, w.n_out, x, n_cols, out.data, out.stride);
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
    finish(p->finish, p->out.cols(begin, n));
  });
}

void Ops::finish(const Finish& f, Mat out) const noexcept {
  if (!f.clamps() && !f.silu && !f.clamps_then()) return;
  for (int r = 0; r < out.n_rows; ++r) {
    float* row = out.row(r);
    if (f.clamps()) k_.clamp(row, row, out.n_cols, f.low, f.high);
    if (f.silu) k_.glu(row, row, row, out.n_cols);
    if (f.clamps_then()) k_.clamp(row, row, out.n_cols, f.then_low, f.then_high);
  }
}

std::optional<PanelChoice> Ops::choose_panels(const Weight& w, bool is_decoding) const noexcept {
  if (!is_decoding) {
    const kernels::PanelKind kind = panel_kind(w);
    return PanelChoice{kind, &k_.panels_of(kind)};
  }
  if (k_.decoding == nullptr || !rounds(w) || rounding() != kernels::Rounding::Int16) return std::nullopt;
  return PanelChoice{kernels::PanelKind::Int16, k_.decoding};
}

kernels::PanelKind Ops::panel_kind(const Weight& w) const noexcept {
  const auto takes = [&](kernels::PanelKind kind) {
    const kernels::PanelKernels* panels = k_.panels[static_cast<size_t>(kind)];
    return panels != nullptr && panels->takes(w.type);
  };
  if (allow_bf16(activations_) && takes(kernels::PanelKind::BF16)) return kernels::PanelKind::BF16;
  if (activations_ == Activations::Int8 && takes(kernels::PanelKind::Int8)) return kernels::PanelKind::Int8;
  if (rounds(w) && takes(kernels::PanelKind::Int16)) return kernels::PanelKind::Int16;
  return kernels::PanelKind::F32;
}

void Ops::wide(std::span<const Projection> projections, ConstMat x) noexcept {
  Buffers& b = *buffers_;
  b.rows.resize(static_cast<size_t>(x.n_rows));
  for (int r = 0; r < x.n_rows; ++r) b.rows[static_cast<size_t>(r)] = x.row(r);
  const auto choice_of = [&](const Projection& p) { return *choose_panels(*p.w, decodes(x.n_rows)); };
  std::array<PackedRows, kernels::kPanelKinds> packed{};
  int n_tasks = 0;
  for (const Projection& p : projections) {
    const PanelChoice choice = choice_of(p);
    const auto kind = static_cast<size_t>(choice.kind);
    if (packed[kind].panels == nullptr) {
      b.tiles[kind].clear();
      Buffers::cut(0, x.n_rows, choice.panels->tokens, b.tiles[kind]);
      packed[kind] = pack(choice, x.n_cols);
      b.reserve_per_thread(panel_task_floats(*choice.panels, packed[kind].n_tiles));
    }
    n_tasks += divide_up(p.w->n_out, choice.panels->rows);
  }
  threads_.run(n_tasks, [&](int task, int thread) {
    const Projection* p = projections.data();
    const auto panel_rows = [&] { return choice_of(*p).panels->rows; };
    for (int n; task >= (n = divide_up(p->w->n_out, panel_rows())); ++p) task -= n;
    const int begin = task * panel_rows(), n_rows = std::min(panel_rows(), p->w->n_out - begin);
    const PackedRows& rows = packed[static_cast<size_t>(choice_of(*p).kind)];
    multiply_panel(p->w->rows(begin, n_rows), rows, {0, rows.n_tiles}, p->out.cols(begin, n_rows), thread);
    finish(p->finish, p->out.cols(begin, n_rows));
  });
}

PackedRows Ops::pack(const PanelChoice& choice, int n_in) noexcept {
  const kernels::PanelKernels& panels = *choice.panels;
  const auto kind = static_cast<size_t>(choice.kind);
  Buffers& b = *buffers_;
  const std::vector<Tile>& tiles = b.tiles[kind];
  const auto n_tiles = static_cast<int>(tiles.size());
  const int n_pieces = divide_up(n_in, kernels::kPanelDepth);
  auto* memory = reinterpret_cast<std::byte*>(b.packed[kind].reserve(packed_floats(panels, n_tiles, n_in)));
  const auto pack_piece = [&](int task, int) {
    const Tile& tile = tiles[static_cast<size_t>(task / n_pieces)];
    const int first = task % n_pieces * kernels::kPanelDepth;
    const auto pack = panels.is_few(tile.n_rows) ? panels.few->pack : panels.pack;
    pack(b.rows.data() + tile.first_row, tile.n_rows, first, std::min(kernels::kPanelDepth, n_in - first),
         memory + static_cast<size_t>(task) * panels.tile_bytes);
  };
  // As for_rows: what is small stays on this thread.
  if (const int n_tasks = n_tiles * n_pieces; b.rows.size() * static_cast<size_t>(n_in) > kSmallElements)
    threads_.run(n_tasks, pack_piece);
  else
    for (int task = 0; task < n_tasks; ++task) pack_piece(task, 0);
  return {&panels, tiles.data(), n_tiles, memory};
}

void Ops::multiply_panel(const Weight& w, const PackedRows& x, TileRange range, Mat out, int thread) noexcept {
  if (range.begin == range.end) return;
  if (x.panels->is_few(x.tiles[range.end - 1].n_rows)) multiply_few(w, x, --range.end, out);
  // As many tiles at a time as there is room for sums; unpacked weights stay in the second-level cache meanwhile.
  const int n_together = tiles_together(*x.panels);
  for (int begin = range.begin; begin < range.end; begin += n_together)
    multiply_tiles(w, x, {begin, std::min(range.end, begin + n_together)}, out, buffers_->of_thread(thread));
}

void Ops::multiply_few(const Weight& w, const PackedRows& x, int tile, Mat out) const noexcept {
  const kernels::PanelKernels& panels = *x.panels;
  const auto first_piece = static_cast<size_t>(tile * divide_up(w.n_in, kernels::kPanelDepth));
  const kernels::FewColumns columns{x.memory + first_piece * panels.tile_bytes, panels.tile_bytes, w.n_in,
                                    x.tiles[tile].n_rows};
  panels.few->multiply[static_cast<size_t>(w.type)](w.data, w.row_bytes(), w.n_out, columns, w.scale,
                                                    out.row(x.tiles[tile].first_row), out.stride);
}

void Ops::multiply_tiles(const Weight& w, const PackedRows& x, TileRange range, Mat out, float* memory) const noexcept {
  const kernels::PanelKernels& panels = *x.panels;
  const kernels::PanelFormat& format = panels.formats[static_cast<size_t>(w.type)];
  const int n_pieces = divide_up(w.n_in, kernels::kPanelDepth);
  const auto sum_floats = static_cast<size_t>(panels.rows) * static_cast<size_t>(panels.tokens);
  auto* panel = reinterpret_cast<std::byte*>(memory);
  float* sums = memory + panel_floats(panels);
  const int n_tiles = range.end - range.begin;
  std::memset(sums, 0, sum_floats * static_cast<size_t>(n_tiles) * sizeof(float));
  const size_t piece_bytes = quant::row_bytes(w.type, static_cast<size_t>(kernels::kPanelDepth));
  for (int piece = 0; piece < n_pieces; ++piece) {
    const int first = piece * kernels::kPanelDepth, depth = std::min(kernels::kPanelDepth, w.n_in - first);
    const std::byte* at = w.data + piece_bytes * static_cast<size_t>(piece);
    format.unpack(at, w.row_bytes(), w.n_out, depth, panel);
    const bool is_last = piece + 1 == n_pieces;
    // The rows' next piece, or the first one of the rows that follow.
    const std::byte* next = is_last ? w.rows(w.n_out, 0).data : at + piece_bytes;
    for (int i = 0; i < n_tiles; ++i) {
      const int t = range.begin + i;
      const Tile& tile = x.tiles[t];
      float *const sum = sums + static_cast<size_t>(i) * sum_floats, *const to = out.row(tile.first_row);
      ask_for_rows(next, w.row_bytes(), piece_bytes, w.n_out * i / n_tiles, w.n_out * (i + 1) / n_tiles);
      if (is_last) ask_for_rows(to, out.stride * sizeof *to, static_cast<size_t>(w.n_out) * sizeof *to, 0, tile.n_rows);
      const std::byte* packed = x.memory + static_cast<size_t>(t * n_pieces + piece) * panels.tile_bytes;
      format.multiply(panel, w.n_out, depth, packed, tile.n_rows, sum);
      if (is_last) panels.store(sum, w.n_out, tile.n_rows, w.scale, to, out.stride);
    }
  }
}

}  // namespace facet::ops::cpu
