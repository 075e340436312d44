// Rows shrink or grow eight at a time, interleaved so that the same sample of all of them lies together; a column's sum
// is one of whole rows. Only the rows that the next row of the result needs are kept.
#include "media/resize.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "media/resize_weights.h"

namespace facet::media {
namespace {

constexpr int kRows = kLanes / 3;

size_t index(int i) noexcept { return static_cast<size_t>(i); }

// Rows of floats whose length is a multiple of kLanes, from a moving first row on.
class RowWindow {
 public:
  RowWindow(int row_length, int n_needed)
      : pitch_((index(row_length) + kLanes - 1) / kLanes * kLanes),
        capacity_(2 * (n_needed + kRows)),
        values_(pitch_ * index(capacity_)) {}

  size_t pitch() const noexcept { return pitch_; }
  int end() const noexcept { return first_ + n_rows_; }
  const float* row(int y) const noexcept { return &values_[index(y - first_) * pitch_]; }

  // Room for kRows more; rows before first_needed may go.
  float* append(int first_needed) noexcept {
    if (n_rows_ + kRows > capacity_) {
      const int n_dropped = std::min(first_needed - first_, n_rows_);
      n_rows_ -= n_dropped;
      first_ += n_dropped;
      std::memmove(values_.data(), &values_[index(n_dropped) * pitch_], index(n_rows_) * pitch_ * sizeof(float));
    }
    n_rows_ += kRows;
    return &values_[index(n_rows_ - kRows) * pitch_];
  }

 private:
  size_t pitch_;
  int capacity_, first_ = 0, n_rows_ = 0;
  std::vector<float> values_;
};

// Resizes rows of a picture.
class RowResizer {
 public:
  RowResizer(const Image& image, int width)
      : image_(image),
        weights_(resize_weights(image.width, width)),
        bytes_(index(image.width) * kLanes),
        values_(bytes_.size()) {}

  // Rows y to y + kRows - 1, the picture's last one in place of those after it.
  void resize(int y, float* out, size_t pitch) noexcept {
    interleave(y);
    std::array<float, kLanes> sums;
    for (const auto& window : weights_.windows) {
      weighted_sum(&values_[index(window.first) * kLanes], kLanes, weights_.of(window), sums.data());
      for (size_t r = 0; r < kRows; ++r)
        for (size_t c = 0; c < 3; ++c) out[r * pitch + c] = sums[c * kRows + r];
      out += 3;
    }
  }

 private:
  // values_: [width, colour, row]
  void interleave(int y) noexcept {
    const size_t row_bytes = 3 * index(image_.width);
    std::array<const uint8_t*, kRows> rows;
    for (int r = 0; r < kRows; ++r) rows[index(r)] = &image_.rgb[index(std::min(y + r, image_.height - 1)) * row_bytes];
    uint8_t* bytes = bytes_.data();
    for (size_t i = 0; i < row_bytes; ++i)
      for (size_t r = 0; r < kRows; ++r) bytes[i * kRows + r] = rows[r][i];
    for (size_t i = 0; i < bytes_.size(); ++i) values_[i] = bytes[i];
  }

  const Image& image_;
  ResizeWeights weights_;
  std::vector<uint8_t> bytes_;
  std::vector<float> values_;
};

void sum_rows(const float* rows, size_t pitch, std::span<const float> weights, std::span<uint8_t> out) noexcept {
  std::array<float, kLanes> sums;
  for (size_t i = 0; i < out.size(); i += kLanes) {
    weighted_sum(rows + i, pitch, weights, sums.data());
    std::array<uint8_t, kLanes> bytes;
    for (size_t l = 0; l < kLanes; ++l) bytes[l] = static_cast<uint8_t>(sums[l]);
    std::copy_n(bytes.begin(), std::min(kLanes, out.size() - i), &out[i]);
  }
}

}  // namespace

Image resize(const Image& image, Size size) {
  assert(image.width > 0 && image.height > 0 && size.width > 0 && size.height > 0);
  assert(image.rgb.size() == 3 * index(image.width) * index(image.height));
  if (size == Size{image.width, image.height}) return image;
  const size_t row_bytes = 3 * index(size.width);
  Image out{size.width, size.height, std::vector<uint8_t>(row_bytes * index(size.height))};
  const ResizeWeights weights = resize_weights(image.height, size.height);
  RowResizer resizer(image, size.width);
  RowWindow rows(3 * size.width, weights.n_widest);
  uint8_t* row = out.rgb.data();
  for (const auto& window : weights.windows) {
    while (rows.end() < window.first + static_cast<int>(window.n)) {
      const int y = rows.end();
      resizer.resize(y, rows.append(window.first), rows.pitch());
    }
    sum_rows(rows.row(window.first), rows.pitch(), weights.of(window), {row, row_bytes});
    row += row_bytes;
  }
  return out;
}

}  // namespace facet::media
