// Both passes sum along lines that lie contiguous in memory: the first reads the picture's rows, split by colour, and
// writes its results by columns, so that the second finds each column as a line.
#include "media/resize.h"

#include <algorithm>
#include <cassert>

#include "media/resize_weights.h"

namespace facet::media {
namespace {

constexpr int kRows = 16;     // of the first pass at a time: their results fill a piece of a column
constexpr int kColumns = 48;  // of the second pass at a time: they stay in the cache while all rows are made

uint8_t weighted_sum(const ResizeWeights& w, int i, const int16_t* line) noexcept {
  const size_t at = static_cast<size_t>(i) * static_cast<size_t>(w.n_taps);
  const int16_t *x = line + w.first[static_cast<size_t>(i)], *high = &w.high[at], *low = &w.low[at];
  const int n = w.n_taps / w.kTapStep * w.kTapStep;
  int high_sum = 0, low_sum = 0;
  for (int j = 0; j < n; ++j) {
    high_sum += x[j] * high[j];
    low_sum += x[j] * low[j];
  }
  // The parts may exceed 31 bits where their sum does not, hence the unsigned numbers.
  const uint32_t sum =
      (static_cast<uint32_t>(high_sum) << w.kLowBits) + static_cast<uint32_t>(low_sum) + (1u << (w.kBits - 1));
  return static_cast<uint8_t>(std::clamp(static_cast<int32_t>(sum) >> w.kBits, 0, 255));
}

struct Plane {
  explicit Plane(int n_lines, int line_length)
      : stride(static_cast<size_t>(line_length)), values(stride * static_cast<size_t>(n_lines)) {}
  int16_t* line(int i) noexcept { return values.data() + static_cast<size_t>(i) * stride; }

  size_t stride;
  std::vector<int16_t> values;
};

void split_colours(const uint8_t* rgb, int n, int16_t* r, int16_t* g, int16_t* b) noexcept {
  for (int x = 0; x < n; ++x, rgb += 3) {
    r[x] = rgb[0];
    g[x] = rgb[1];
    b[x] = rgb[2];
  }
}

// columns: line 3 * x + c holds colour c of column x.
void resize_rows(const Image& image, const ResizeWeights& w, Plane& columns) {
  Plane lines(3 * kRows, w.padded_in());
  for (int y = 0; y < image.height; y += kRows) {
    const int n_rows = std::min(kRows, image.height - y);
    for (int r = 0; r < n_rows; ++r)
      split_colours(&image.rgb[(static_cast<size_t>(y) + static_cast<size_t>(r)) * static_cast<size_t>(w.n_in) * 3],
                    w.n_in, lines.line(r), lines.line(kRows + r), lines.line(2 * kRows + r));
    for (int x = 0; x < w.n_out; ++x)
      for (int c = 0; c < 3; ++c) {
        int16_t* out = columns.line(3 * x + c) + y;
        for (int r = 0; r < n_rows; ++r) out[r] = weighted_sum(w, x, lines.line(c * kRows + r));
      }
  }
}

void resize_columns(Plane& columns, const ResizeWeights& w, Image& out) {
  const int n_columns = 3 * out.width;
  for (int x = 0; x < n_columns; x += kColumns) {
    const int end = std::min(x + kColumns, n_columns);
    for (int y = 0; y < w.n_out; ++y) {
      uint8_t* row = &out.rgb[static_cast<size_t>(y) * static_cast<size_t>(n_columns)];
      for (int i = x; i < end; ++i) row[i] = weighted_sum(w, y, columns.line(i));
    }
  }
}

}  // namespace

Image resize(const Image& image, Size size) {
  assert(image.width > 0 && image.height > 0 && size.width > 0 && size.height > 0);
  assert(image.rgb.size() == size_t{3} * static_cast<size_t>(image.width) * static_cast<size_t>(image.height));
  if (size == Size{image.width, image.height}) return image;
  Image out{size.width, size.height, {}};
  out.rgb.resize(size_t{3} * static_cast<size_t>(size.width) * static_cast<size_t>(size.height));
  const ResizeWeights down = resize_weights(image.height, size.height);
  Plane columns(3 * size.width, down.padded_in());
  resize_rows(image, resize_weights(image.width, size.width), columns);
  resize_columns(columns, down, out);
  return out;
}

}  // namespace facet::media
