#include "media/orientation.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace facet::media {
namespace {

// The numbers of a TIFF structure, in its byte order. Reading past the end gives 0.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes), is_big_endian_(at(0) == 'M') {}

  bool is_valid() const noexcept { return at(0) == at(1) && (at(0) == 'M' || at(0) == 'I') && u16(2) == 42; }
  uint32_t u16(size_t offset) const noexcept {
    return is_big_endian_ ? at(offset) << 8 | at(offset + 1) : at(offset + 1) << 8 | at(offset);
  }
  uint32_t u32(size_t offset) const noexcept {
    return is_big_endian_ ? u16(offset) << 16 | u16(offset + 2) : u16(offset + 2) << 16 | u16(offset);
  }
  size_t size() const noexcept { return bytes_.size(); }

 private:
  uint32_t at(size_t i) const noexcept { return i < bytes_.size() ? std::to_integer<uint32_t>(bytes_[i]) : 0; }

  std::span<const std::byte> bytes_;
  bool is_big_endian_;
};

// Where the pixels of the upright picture stand in the stored one: pixel (x, y) is number first + x * right + y * down.
struct Gather {
  int64_t first, right, down;
};

Gather gather_of(int orientation, int64_t w, int64_t h) {
  const int64_t last_column = w - 1, last_row = (h - 1) * w;
  switch (orientation) {
    case 2:
      return {last_column, -1, w};
    case 3:
      return {last_row + last_column, -1, -w};
    case 4:
      return {last_row, 1, -w};
    case 5:
      return {0, w, 1};
    case 6:
      return {last_row, -w, 1};
    case 7:
      return {last_row + last_column, -w, -1};
    case 8:
      return {last_column, w, -1};
    default:
      return {0, 1, w};
  }
}

}  // namespace

int exif_orientation(std::span<const std::byte> exif) noexcept {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  if (exif.size() >= kPrefix.size() && std::memcmp(exif.data(), kPrefix.data(), kPrefix.size()) == 0)
    exif = exif.subspan(kPrefix.size());
  const Tiff tiff(exif);
  if (!tiff.is_valid()) return 1;
  const size_t directory = tiff.u32(4);
  const size_t n_entries = tiff.u16(directory);
  for (size_t i = 0; i < n_entries && directory + 2 + 12 * (i + 1) <= tiff.size(); ++i) {
    const size_t entry = directory + 2 + 12 * i;
    constexpr uint32_t kOrientation = 0x0112, kShort = 3;
    if (tiff.u16(entry) != kOrientation || tiff.u16(entry + 2) != kShort) continue;
    const uint32_t value = tiff.u16(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool is_turned = orientation >= 5;
  const Gather from = gather_of(orientation, image.width, image.height);
  Image out{image.width, image.height, std::vector<uint8_t>(image.rgb.size())};
  if (is_turned) std::swap(out.width, out.height);
  // By tiles, as neighbours of one picture may be rows apart in the other.
  constexpr int kTile = 32;
  for (int top = 0; top < out.height; top += kTile)
    for (int left = 0; left < out.width; left += kTile)
      for (int y = top; y < std::min(top + kTile, out.height); ++y)
        for (int x = left; x < std::min(left + kTile, out.width); ++x) {
          const uint8_t* pixel = image.rgb.data() + 3 * (from.first + x * from.right + y * from.down);
          std::copy_n(pixel, 3, out.rgb.data() + 3 * (int64_t{y} * out.width + x));
        }
  return out;
}

}  // namespace facet::media
