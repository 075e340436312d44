// Convolutions over two axes, as products: an output is a row of 9 * n_channels inputs. Few weights meet many rows, so
// it is the rows that threads share: each gathers a tile of them where it multiplies it.
#include <cstring>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {
namespace {

// The 9 * n_channels inputs of output (t, f), with zeros around: of each time, those of three neighbouring frequencies
// lie side by side.
void gather_taps(float* taps, ConstMat x, int n_channels, int t, int f) {
  const int begin = (2 * f - 1) * n_channels, end = begin + 3 * n_channels;
  const int first = std::max(0, begin), n = std::min(x.n_cols, end) - first;
  for (int time = 2 * t - 1; time <= 2 * t + 1; ++time, taps += 3 * n_channels) {
    const bool is_inside = time >= 0 && time < x.n_rows;
    if (!is_inside || n < 3 * n_channels) std::memset(taps, 0, sizeof(float) * static_cast<size_t>(3 * n_channels));
    if (is_inside) std::memcpy(taps + (first - begin), x.row(time) + first, sizeof(float) * static_cast<size_t>(n));
  }
}

size_t align_floats(size_t n) { return (n + 15) / 16 * 16; }

// A tile's memory, in floats: its rows, the same packed, a panel's sums, and the results.
struct TileSizes {
  size_t rows, packed, sums, results;
  TileSizes(const kernels::PanelKernels& k, const Weight& w)
      : rows(align_floats(static_cast<size_t>(k.tokens) * static_cast<size_t>(w.n_in))),
        packed(packed_floats(k, 1, w.n_in)),
        sums(align_floats(static_cast<size_t>(k.rows * k.tokens))),
        results(align_floats(static_cast<size_t>(k.tokens) * static_cast<size_t>(w.n_out))) {}
  size_t all() const { return rows + packed + sums + results; }
};

// Outputs [first, first + n) of out, in the order of their times, then frequencies.
class ConvolutionTile {
 public:
  ConvolutionTile(const kernels::PanelKernels& panels, const Weight& w, const std::byte* unpacked, float* memory)
      : panels_(panels), w_(w), unpacked_(unpacked), n_pieces_(divide_up(w.n_in, kernels::kPanelDepth)) {
    const TileSizes sizes(panels, w);
    rows_ = memory;
    packed_ = reinterpret_cast<std::byte*>(rows_ + sizes.rows);
    sums_ = rows_ + sizes.rows + sizes.packed;
    results_ = sums_ + sizes.sums;
  }

  void run(Mat out, ConstMat x, int n_channels, int first, int n) const {
    const int n_freqs = out.n_cols / w_.n_out;
    for (int i = 0; i < n; ++i) gather_taps(row(i), x, n_channels, (first + i) / n_freqs, (first + i) % n_freqs);
    pack(n);
    for (int begin = 0; begin < w_.n_out; begin += panels_.rows) multiply(begin, n);
    for (int i = 0; i < n; ++i)
      std::memcpy(out.row((first + i) / n_freqs) + (first + i) % n_freqs * w_.n_out, results_ + i * w_.n_out,
                  sizeof(float) * static_cast<size_t>(w_.n_out));
  }

 private:
  float* row(int i) const { return rows_ + static_cast<size_t>(i) * static_cast<size_t>(w_.n_in); }
  int depth(int piece) const { return std::min(kernels::kPanelDepth, w_.n_in - piece * kernels::kPanelDepth); }

  void pack(int n) const {
    constexpr int kMostTokens = 64;
    const float* rows[kMostTokens];
    assert(n <= kMostTokens);
    for (int i = 0; i < n; ++i) rows[i] = row(i);
    for (int piece = 0; piece < n_pieces_; ++piece)
      panels_.pack(rows, n, piece * kernels::kPanelDepth, depth(piece),
                   packed_ + static_cast<size_t>(piece) * panels_.tile_bytes);
  }

  void multiply(int begin, int n) const {
    const int n_rows = std::min(panels_.rows, w_.n_out - begin), panel = begin / panels_.rows;
    std::memset(sums_, 0, sizeof(float) * static_cast<size_t>(panels_.rows * panels_.tokens));
    for (int piece = 0; piece < n_pieces_; ++piece)
      panels_.formats[static_cast<size_t>(w_.type)].multiply(
          unpacked_ + static_cast<size_t>(panel * n_pieces_ + piece) * panel_floats(panels_) * sizeof(float), n_rows,
          depth(piece), packed_ + static_cast<size_t>(piece) * panels_.tile_bytes, n, sums_);
    panels_.store(sums_, n_rows, n, w_.scale, results_ + begin, static_cast<size_t>(w_.n_out));
  }

  const kernels::PanelKernels& panels_;
  const Weight& w_;
  const std::byte* unpacked_;
  int n_pieces_;
  float *rows_, *sums_, *results_;
  std::byte* packed_;
};

}  // namespace

const std::byte* Ops::unpack_all(const kernels::PanelKernels& panels, const Weight& w) noexcept {
  const int n_pieces = divide_up(w.n_in, kernels::kPanelDepth), n_panels = divide_up(w.n_out, panels.rows);
  const size_t bytes = panel_floats(panels) * sizeof(float);
  auto* memory = reinterpret_cast<std::byte*>(
      buffers_->gathered.reserve(panel_floats(panels) * static_cast<size_t>(n_pieces * n_panels)));
  threads_.run(n_panels * n_pieces, [&](int task, int) {
    const int begin = task / n_pieces * panels.rows, first = task % n_pieces * kernels::kPanelDepth;
    panels.formats[static_cast<size_t>(w.type)].unpack(
        w.rows(begin, 0).data + quant::row_bytes(w.type, static_cast<size_t>(first)), w.row_bytes(),
        std::min(panels.rows, w.n_out - begin), std::min(kernels::kPanelDepth, w.n_in - first),
        memory + static_cast<size_t>(task) * bytes);
  });
  return memory;
}

void Ops::conv_2d(Mat out, ConstMat x, int n_channels, const Weight& w) noexcept {
  const kernels::PanelKernels& panels = k_.panels_of(kernels::PanelKind::F32);
  const std::byte* unpacked = unpack_all(panels, w);
  const int n = out.n_rows * (out.n_cols / w.n_out);
  buffers_->reserve_per_thread(TileSizes(panels, w).all());
  threads_.run(divide_up(n, panels.tokens), [&](int task, int thread) {
    const ConvolutionTile tile(panels, w, unpacked, buffers_->of_thread(thread));
    const int first = task * panels.tokens;
    tile.run(out, x, n_channels, first, std::min(panels.tokens, n - first));
  });
}

}  // namespace facet::ops::cpu
