#include "media/detail_loss.h"

#include <algorithm>
#include <cassert>

namespace facet::media {
namespace {

constexpr int kPatchSide = 16;

// Of some pixels: how many, their sum, and the sum of their squares.
struct Moments {
  double n = 0, sum = 0, squares = 0;

  // Times n.
  double variance() const noexcept { return squares - sum * sum / n; }
  void operator+=(const Moments& o) noexcept {
    n += o.n;
    sum += o.sum;
    squares += o.squares;
  }
};

// What varies in 16 x 16 pixels as shown; brightness that changes over longer distances is seen whatever the size.
struct Patch {
  Moments all;
  double lost = 0;  // variance inside the pixels it is shown with, times n
};

// Two by two patches: single ones may hold no more than the tip of a stroke.
struct Square {
  double n = 0, varied = 0, lost = 0;

  void operator+=(const Patch& p) noexcept {
    n += p.all.n;
    varied += p.all.variance();
    lost += p.lost;
  }
  bool is_lost(LossLimit limit) const noexcept {
    return lost > limit.levels * limit.levels * n && lost > limit.share * varied;
  }
};

// Walks over the cells of a picture: what becomes one pixel each.
class CellGrid {
 public:
  CellGrid(const Luma& picture, Size shown)
      : picture_(picture),
        n_columns_(std::min(shown.width, picture.width)),
        n_rows_(std::min(shown.height, picture.height)),
        sums_(static_cast<size_t>(picture.width)),
        squares_(sums_.size()),
        patches_(static_cast<size_t>((n_columns_ + kPatchSide - 1) / kPatchSide)) {}

  double lost_share(LossLimit limit) {
    int64_t n_lost = 0, n = 0;
    std::vector<Square> squares((patches_.size() + 1) / 2);
    for (int row = 0; row < n_rows_; ++row) {
      sum_columns(row);
      gather();
      const bool is_last = row + 1 == n_rows_;
      if (!is_last && (row + 1) % kPatchSide != 0) continue;
      for (size_t i = 0; i < patches_.size(); ++i) squares[i / 2] += patches_[i];
      std::fill(patches_.begin(), patches_.end(), Patch{});
      if (!is_last && (row + 1) % (2 * kPatchSide) != 0) continue;
      n += std::ssize(squares);
      n_lost += std::count_if(squares.begin(), squares.end(), [&](const Square& s) { return s.is_lost(limit); });
      std::fill(squares.begin(), squares.end(), Square{});
    }
    return static_cast<double>(n_lost) / static_cast<double>(n);
  }

 private:
  static int begin(int i, int n_pixels, int n_cells) noexcept {
    return static_cast<int>(int64_t{i} * n_pixels / n_cells);
  }

  // A cell of a picture that can be decoded has fewer than 2^16 rows, so the sums hold.
  void sum_columns(int row) noexcept {
    first_row_ = begin(row, picture_.height, n_rows_);
    end_row_ = begin(row + 1, picture_.height, n_rows_);
    std::fill(sums_.begin(), sums_.end(), 0);
    std::fill(squares_.begin(), squares_.end(), 0);
    for (int y = first_row_; y < end_row_; ++y) {
      const uint8_t* pixels = &picture_.values[static_cast<size_t>(y) * sums_.size()];
      for (size_t x = 0; x < sums_.size(); ++x) {
        const uint16_t v = pixels[x];
        sums_[x] += v;
        squares_[x] += static_cast<uint16_t>(v * v);
      }
    }
  }

  void gather() noexcept {
    const double n_rows = end_row_ - first_row_;
    for (int column = 0, x = 0; column < n_columns_; ++column) {
      const int end = begin(column + 1, picture_.width, n_columns_);
      Moments cell{n_rows * (end - x), 0, 0};
      uint64_t sum = 0, squares = 0;
      for (; x < end; ++x) {
        sum += sums_[static_cast<size_t>(x)];
        squares += squares_[static_cast<size_t>(x)];
      }
      cell.sum = static_cast<double>(sum);
      cell.squares = static_cast<double>(squares);
      Patch& patch = patches_[static_cast<size_t>(column / kPatchSide)];
      patch.all += cell;
      patch.lost += cell.variance();
    }
  }

  const Luma& picture_;
  int n_columns_, n_rows_;
  int first_row_ = 0, end_row_ = 0;       // of the row of cells at hand
  std::vector<uint32_t> sums_, squares_;  // of its columns of pixels
  std::vector<Patch> patches_;            // of the row of patches at hand
};

}  // namespace

Luma luma(const Image& image) {
  Luma out{image.width, image.height, std::vector<uint8_t>(image.rgb.size() / 3)};
  const uint8_t* p = image.rgb.data();
  for (uint8_t& v : out.values) {
    // Blue and red count more than in light's brightness, so that writing in them is seen.
    v = static_cast<uint8_t>((p[0] + 2 * p[1] + p[2]) / 4);
    p += 3;
  }
  return out;
}

double lost_share(const Luma& picture, Size shown, LossLimit limit) {
  assert(picture.width > 0 && picture.height > 0 && shown.width > 0 && shown.height > 0);
  if (shown.width >= picture.width && shown.height >= picture.height) return 0;
  return CellGrid(picture, shown).lost_share(limit);
}

}  // namespace facet::media
