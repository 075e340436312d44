#include "media/resize.h"

#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "media/resize_weights.h"

namespace facet::media {
namespace {

using Bytes = std::vector<uint8_t>;

Image gray_row(const Bytes& row) {
  Image image{static_cast<int>(row.size()), 1, {}};
  for (const uint8_t v : row) image.rgb.insert(image.rgb.end(), 3, v);
  return image;
}

// The first colour; the others must be the same.
Bytes gray_values(const Image& image) {
  Bytes out;
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    EXPECT_EQ(image.rgb[i], image.rgb[i + 1]);
    EXPECT_EQ(image.rgb[i], image.rgb[i + 2]);
    out.push_back(image.rgb[i]);
  }
  return out;
}

Image drawn(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (const int v : {7 * x + 13 * y, x * x + y, x ^ y}) image.rgb.push_back(static_cast<uint8_t>(v));
  return image;
}

Image transposed(const Image& image) {
  Image out{image.height, image.width, {}};
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      for (int c = 0; c < 3; ++c) out.rgb.push_back(image.rgb[static_cast<size_t>((x * image.width + y) * 3 + c)]);
  return out;
}

// Results of Pillow.
const struct {
  Bytes in, out;
} kRows[] = {
    {{0, 255}, {0, 128, 255}},
    {{0, 255}, {0, 53, 202, 255}},
    {{0, 255, 0}, {0, 54, 216, 216, 54, 0}},
    {{10, 20, 30, 40, 250}, {14, 23, 163}},
    {{10, 20, 30, 40, 250, 0, 128, 64}, {15, 103, 86}},
};

TEST(Resize, GivesPillowsValuesAlongARow) {
  for (const auto& [in, out] : kRows)
    EXPECT_EQ(gray_values(resize(gray_row(in), {static_cast<int>(out.size()), 1})), out);
}

TEST(Resize, GivesPillowsValuesAlongAColumn) {
  for (const auto& [in, out] : kRows)
    EXPECT_EQ(gray_values(resize(transposed(gray_row(in)), {1, static_cast<int>(out.size())})), out);
}

// Hashes of bytes whose SHA-256 was found equal to that of Pillow's.
TEST(Resize, GivesPillowsBytesAtEveryBudget) {
  const Image image = drawn(640, 480);
  const struct {
    int budget;
    uint64_t hash;
    std::array<uint8_t, 3> second, below, centre;  // pixels (1, 0), (0, 1) and the middle one
  } cases[] = {
      {70, 0xd770f1d17366a957, {15, 3, 2}, {23, 2, 2}, {231, 183, 178}},
      {140, 0x2ce0903d01d152da, {7, 1, 1}, {13, 1, 1}, {240, 237, 176}},
      {280, 0xb1422d45989afe77, {2, 0, 0}, {6, 0, 0}, {237, 232, 179}},
      {560, 0xf038953bc21d750c, {0, 0, 0}, {2, 0, 0}, {234, 220, 182}},
      {1120, 0xeef41a372e98863e, {0, 0, 0}, {0, 0, 0}, {234, 208, 185}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.budget);
    const Size size = target_size({640, 480}, c.budget);
    const Image out = resize(image, size);
    ASSERT_EQ(out.rgb.size(), static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * 3);
    const auto pixel = [&](int x, int y) {
      const uint8_t* p = &out.rgb[static_cast<size_t>(y * size.width + x) * 3];
      return std::array<uint8_t, 3>{p[0], p[1], p[2]};
    };
    EXPECT_EQ(pixel(1, 0), c.second);
    EXPECT_EQ(pixel(0, 1), c.below);
    EXPECT_EQ(pixel(size.width / 2, size.height / 2), c.centre);
    EXPECT_EQ(XXH3_64bits(out.rgb.data(), out.rgb.size()), c.hash);
  }
}

TEST(Resize, LeavesAPictureOfTheRightSizeAlone) {
  const Image image = drawn(96, 48);
  EXPECT_EQ(resize(image, {96, 48}).rgb, image.rgb);
}

// Where one side stays, nothing is taken across it: each row becomes what it becomes on its own.
TEST(Resize, ChangesOneSideAlone) {
  const Image image = drawn(31, 17);
  const Image wide = resize(image, {70, 17});
  const Image high = resize(transposed(image), {17, 70});
  EXPECT_EQ(transposed(high).rgb, wide.rgb);
  for (int y = 0; y < 17; ++y) {
    const Image row{31, 1, Bytes(image.rgb.begin() + y * 93, image.rgb.begin() + (y + 1) * 93)};
    EXPECT_EQ(resize(row, {70, 1}).rgb, Bytes(wide.rgb.begin() + y * 210, wide.rgb.begin() + (y + 1) * 210));
  }
}

TEST(Resize, KeepsAColourEverywhere) {
  for (const Size from : {Size{1, 1}, Size{3, 900}, Size{5000, 1}, Size{97, 61}})
    for (const uint8_t v : {0, 1, 127, 254, 255}) {
      const Image image{from.width, from.height, Bytes(static_cast<size_t>(from.width * from.height) * 3, v)};
      const Image out = resize(image, target_size(from, 70));
      EXPECT_EQ(out.rgb, Bytes(out.rgb.size(), v)) << from.width << " x " << from.height;
    }
}

// Tens of thousands of weights, each a few units: their sums must not overflow.
TEST(Resize, ShrinksAVeryLongRow) {
  Bytes row(150'000);
  for (size_t i = 0; i < row.size(); ++i) row[i] = i < row.size() / 2 ? 0 : 255;
  const Bytes out = gray_values(resize(gray_row(row), {96, 1}));
  EXPECT_EQ(out.front(), 0);
  EXPECT_EQ(out.back(), 255);
  EXPECT_NEAR(out[47] + out[48], 255, 1);
  EXPECT_EQ(std::vector<int>(out.begin() + 40, out.begin() + 44), std::vector<int>(4, 0));
}

TEST(ResizeWeights, AreThoseOfPillow) {
  const ResizeWeights w = resize_weights(2, 3);
  const auto weights = [&](size_t i) {
    std::vector<double> out;
    for (const float v : w.of(w.windows[i])) out.push_back(static_cast<double>(v) * (1 << ResizeWeights::kBits));
    return out;
  };
  EXPECT_EQ(weights(0), (std::vector<double>{4470245, -275941}));
  EXPECT_EQ(weights(1), (std::vector<double>{2097152, 2097152}));
}

// The sums are made in floats, and in integers where floats cannot tell: the result must be that of integers alone, for
// samples of all kinds.
TEST(ResizeWeights, SumAsIntegersDo) {
  std::minstd_rand random(3);
  for (const int n_in : {1, 2, 7, 30, 211, 1000, 20000})
    for (const int n_out : {1, 3, 48}) {
      std::vector<float> x(static_cast<size_t>(n_in) * kLanes);
      for (float& v : x) v = static_cast<float>(n_out == 48 ? random() % 2 * 255 : random() % 256);
      const ResizeWeights w = resize_weights(n_in, n_out);
      for (const auto& window : w.windows) {
        const float* first = &x[static_cast<size_t>(window.first) * kLanes];
        std::array<float, kLanes> sums;
        weighted_sum(first, kLanes, w.of(window), sums.data());
        for (size_t l = 0; l < kLanes; ++l) {
          double sum = 0.5;  // exact, as all are multiples of 2^-22
          for (size_t j = 0; j < window.n; ++j) sum += double{w.of(window)[j]} * double{first[j * kLanes + l]};
          ASSERT_EQ(sums[l], std::clamp(std::floor(sum), 0.0, 255.0)) << n_in << " to " << n_out;
        }
      }
    }
}

}  // namespace
}  // namespace facet::media
