// Pictures drawn by tests: print, lines, and what photographs are like.
#pragma once

#include <algorithm>
#include <cstring>
#include <random>

#include "media/image.h"

namespace facet::media {

inline Image flat(int width, int height, uint8_t v) {
  return {width, height, std::vector<uint8_t>(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height), v)};
}

inline void fill(Image& image, int x, int y, int width, int height, uint8_t v) {
  const int first = std::max(x, 0), n = std::min(x + width, image.width) - first;
  if (n <= 0) return;
  for (int r = std::max(y, 0); r < std::min(y + height, image.height); ++r)
    std::memset(
        &image.rgb[3 * (static_cast<size_t>(r) * static_cast<size_t>(image.width) + static_cast<size_t>(first))], v,
        3 * static_cast<size_t>(n));
}

// Lines of what looks like letters, `em` from the top of one to the bottom of its line, between two rows of the
// picture.
inline void print_lines(Image& image, int em, int y_first, int y_end, uint8_t ink = 0) {
  std::minstd_rand random(1);
  const int stroke = std::max(1, (em + 5) / 9), width = em * 45 / 100, height = em * 55 / 100;
  for (int y = y_first + em; y + 2 * em < y_end; y += em * 135 / 100)
    for (int x = 2 * em; x + 2 * em < image.width; x += width + stroke) {
      if (random() % 6 == 0) continue;  // a space
      if (random() % 3 != 0) fill(image, x, y, stroke, height, ink);
      if (random() % 2 != 0) fill(image, x + width - stroke, y, stroke, height, ink);
      if (random() % 2 != 0) fill(image, x, y, width, stroke, ink);
      if (random() % 2 != 0) fill(image, x, y + height / 2, width, stroke, ink);
      if (random() % 3 != 0) fill(image, x, y + height - stroke, width, stroke, ink);
    }
}

inline Image page(int width, int height, int em) {
  Image image = flat(width, height, 255);
  print_lines(image, em, 0, height);
  return image;
}

// Brightness in waves of all lengths alike, as in photographs, down to `finest` pixels.
inline Image scenery(int width, int height, int finest) {
  constexpr float kLoudness = 40;
  std::vector<float> values(static_cast<size_t>(width) * static_cast<size_t>(height), 128.0f);
  std::minstd_rand random(1);
  for (int step = std::max(width, height); step >= finest; step /= 2) {
    const int n = width / step + 2;
    std::vector<float> knots(static_cast<size_t>(n * (height / step + 2)));
    for (float& k : knots) k = kLoudness * (static_cast<float>(random() % 2001) / 1000 - 1);
    float* value = values.data();
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const float* k = &knots[static_cast<size_t>(y / step * n + x / step)];
        const float fx = static_cast<float>(x % step) / static_cast<float>(step);
        const float fy = static_cast<float>(y % step) / static_cast<float>(step);
        const float above = k[0] + (k[1] - k[0]) * fx, below = k[n] + (k[n + 1] - k[n]) * fx;
        *value++ += above + (below - above) * fy;
      }
  }
  Image image = flat(width, height, 0);
  for (size_t i = 0; i < values.size(); ++i)
    std::memset(&image.rgb[3 * i], static_cast<int>(std::clamp(values[i], 0.0f, 255.0f)), 3);
  return image;
}

}  // namespace facet::media
