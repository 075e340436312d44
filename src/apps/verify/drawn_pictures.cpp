#include "apps/verify/drawn_pictures.h"

#include <array>

namespace facet::verify {
namespace {

using Colour = std::array<int, 3>;

Colour rings(int x, int y, int width, int height) {
  const int d = (x - width / 2) * (x - width / 2) + (y - height / 2) * (y - height / 2);
  return {d / 40 % 256, (d / 97 + 3 * x) % 256, 255 - d / 60 % 256};
}

Colour dashes(int x, int y, int width) {
  const int margin = width / 10;
  if (x < margin) return {180, 40, 40};
  const bool is_ink = y % 24 < 14 && (x * 5 + y / 24 * 31) % 17 < 9 && x > margin && x < width - margin;
  return is_ink ? Colour{20, 30, 60} : Colour{245, 245, 245};
}

}  // namespace

media::Image draw_frame(int i, int width, int height) {
  media::Image image{width, height, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int shift = 3 * i % width;
      const Colour colour = i % 2 == 1 ? rings(x, y, width, height) : dashes((x + width - shift) % width, y, width);
      for (const int value : colour) image.rgb.push_back(static_cast<uint8_t>(value));
    }
  return image;
}

}  // namespace facet::verify
