#include "quant/block_type.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "base/half.h"

namespace facet::quant {
namespace {

// A block of any bytes with a plausible scale, and what the format's reference makes of it: elements 0, 1, n/2 - 1, n/2
// and n - 1 (nine digits name an f32), and their sum.
struct Vector {
  BlockType type;
  std::vector<std::pair<size_t, uint16_t>> halves;  // written over the bytes at these places
  std::vector<float> values;
  double sum;
};

const Vector kVectors[] = {
    {BlockType::Q4_0,
     {{0, 0x2e66}},
     {0.299926758f, -0.399902344f, -0.599853516f, 0.299926758f, -0.799804688f},
     -3.29919434},
    {BlockType::Q4_1,
     {{0, 0x2e66}, {2, 0xb0cd}},
     {1.1496582f, 0.449829102f, 0.24987793f, 0.24987793f, 0.749755859f},
     17.6937256},
    {BlockType::Q5_0,
     {{0, 0x2e66}},
     {1.49963379f, 0.799804688f, -0.999755859f, 1.29968262f, 0.199951172f},
     -4.49890137},
    {BlockType::Q5_1,
     {{0, 0x2e66}, {2, 0xb0cd}},
     {1.54956055f, 0.849731445f, 2.24938965f, 2.14941406f, 0.949707031f},
     45.2869873},
    {BlockType::Q8_0,
     {{0, 0x2e66}},
     {-6.89831543f, 0.399902344f, 0.199951172f, 7.49816895f, -10.9973145f},
     -4.79882812},
    {BlockType::IQ4_NL,
     {{0, 0x2e66}},
     {3.79907227f, -4.89880371f, -8.29797363f, 3.79907227f, -12.6968994f},
     -48.0882568},
    {BlockType::Q2_K,
     {{80, 0x2e66}, {82, 0x30cd}},
     {0.599731445f, 1.49951172f, 1.29956055f, -0.950195312f, -1.0501709f},
     42.5909424},
    {BlockType::Q3_K,
     {{108, 0x2e66}},
     {-0.699829102f, 1.3996582f, -9.59765625f, 2.39941406f, -2.39941406f},
     23.3942871},
    {BlockType::Q4_K,
     {{0, 0x2e66}, {2, 0x30cd}},
     {4.34594727f, -4.75183105f, 42.1889648f, 15.1447754f, -3.45056152f},
     4639.24316},
    {BlockType::Q5_K,
     {{0, 0x2e66}, {2, 0x30cd}},
     {25.1408691f, -4.75183105f, 50.1870117f, 48.7365723f, -3.45056152f},
     10309.8584},
    {BlockType::Q6_K, {{208, 0x2e66}}, {16.0960693f, -4.59887695f, -4.79882812f, -34.291626f, 28.7929688f}, -1484.0376},
    {BlockType::IQ4_XS,
     {{0, 0x2e66}},
     {-301.526367f, 72.4822998f, -19.795166f, 176.756836f, -74.9816895f},
     -644.842529},
};

std::vector<std::byte> test_block(BlockType type) {
  std::vector<std::byte> block(block_info(type).n_bytes);
  for (size_t k = 0; k < block.size(); ++k) block[k] = static_cast<std::byte>(73 * k + 41);
  return block;
}

void expect_values(BlockType type, const std::vector<std::byte>& block, const std::vector<float>& values, double sum) {
  const size_t n = block_info(type).n_elements;
  std::vector<float> y(n);
  decode_row(type, block.data(), y.data(), n);
  EXPECT_EQ((std::vector<float>{y[0], y[1], y[n / 2 - 1], y[n / 2], y[n - 1]}), values) << block_info(type).name;
  // The sum is printed with nine digits.
  EXPECT_NEAR(std::accumulate(y.begin(), y.end(), 0.0), sum, std::fabs(sum) * 1e-8) << block_info(type).name;
}

TEST(BlockType, TestVectors) {
  for (const Vector& v : kVectors) {
    auto block = test_block(v.type);
    for (const auto& [at, half] : v.halves) std::memcpy(block.data() + at, &half, sizeof half);
    expect_values(v.type, block, v.values, v.sum);
  }
  auto mxfp4 = test_block(BlockType::MXFP4);
  mxfp4[0] = std::byte{126};
  expect_values(BlockType::MXFP4, mxfp4, {0.5f, -0.75f, -0.25f, 3, -0.75f}, 6.25);
  auto nvfp4 = test_block(BlockType::NVFP4);
  for (size_t i = 0; i < 4; ++i)
    nvfp4[i] = std::array{std::byte{0x38}, std::byte{5}, std::byte{0x7f}, std::byte{0x41}}[i];
  expect_values(BlockType::NVFP4, nvfp4, {-3, 4, -0.0048828125f, -0.0f, 2.25f}, 20.3427734);
}

// All 65,536 half-precision numbers, subnormals included, against their definition.
TEST(BlockType, HalfPrecision) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const int exponent = half >> 10 & 31, mantissa = half & 1023;
    const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    float y;
    decode_row(BlockType::F16, reinterpret_cast<const std::byte*>(&half), &y, 1);
    if (exponent == 31) {
      EXPECT_EQ(mantissa == 0 ? std::isinf(y) : std::isnan(y), true) << bits;
    } else {
      ASSERT_EQ(y, half & 0x8000 ? -magnitude : magnitude) << bits;
      uint16_t back;
      encode_row(BlockType::F16, &y, reinterpret_cast<std::byte*>(&back), 1);
      ASSERT_EQ(back, half);
    }
    EXPECT_EQ(std::signbit(y), (half & 0x8000) != 0);
  }
}

// E8M0 has subnormal scales at its lower end.
TEST(BlockType, TheSmallestScalesOfMxfp4) {
  for (int e = 0; e < 256; ++e) {
    std::vector<std::byte> block(17, std::byte{0x22});  // every value is 2 halves
    block[0] = static_cast<std::byte>(e);
    std::vector<float> y(32);
    decode_row(BlockType::MXFP4, block.data(), y.data(), 32);
    EXPECT_EQ(y[0], static_cast<float>(std::ldexp(1.0, e - 127))) << e;
  }
}

TEST(BlockType, Lookups) {
  for (uint32_t id = 0; id < 100; ++id) {
    const auto info = find_block_type(id);
    if (!info) continue;
    EXPECT_EQ(static_cast<uint32_t>(info->type), id);
    EXPECT_EQ(find_block_type(info->name)->type, info->type);
    EXPECT_EQ(row_bytes(info->type, 3 * info->n_elements), 3 * info->n_bytes);
  }
  for (const uint32_t id : {4u, 5u, 9u, 15u, 31u, 32u, 33u, 36u, 37u, 38u, 43u, 0xffffffffu})
    EXPECT_FALSE(find_block_type(id).has_value()) << id;
  EXPECT_FALSE(find_block_type("q9_9").has_value());
}

constexpr BlockType kEncoded[] = {BlockType::F32,   BlockType::F16,   BlockType::BF16, BlockType::Q4_0,
                                  BlockType::Q4_1,  BlockType::Q5_0,  BlockType::Q5_1, BlockType::Q8_0,
                                  BlockType::MXFP4, BlockType::TQ1_0, BlockType::TQ2_0};

// What was encoded decodes to something near: half a step of the format, and the scale's own rounding.
TEST(BlockType, EncodingIsTheInverse) {
  for (const BlockType type : kEncoded) {
    ASSERT_TRUE(has_encoder(type));
    std::vector<float> x(256), y(256);
    for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i) * 0.7f);
    std::vector<std::byte> blocks(row_bytes(type, x.size()));
    encode_row(type, x.data(), blocks.data(), x.size());
    decode_row(type, blocks.data(), y.data(), y.size());
    // The steps: one ternary digit, 2 of 12 halves of a power of two, 2 / 15, 2 / 31, 2 / 255; then 16-bit floats.
    const float step = type == BlockType::TQ1_0 || type == BlockType::TQ2_0 ? 1
                       : type == BlockType::MXFP4                           ? 0.5f
                       : type == BlockType::Q4_0 || type == BlockType::Q4_1 ? 2 / 15.0f
                       : type == BlockType::Q5_0 || type == BlockType::Q5_1 ? 2 / 31.0f
                       : type == BlockType::Q8_0                            ? 2 / 255.0f
                                                                            : 0;
    // Symmetric formats clip the far end by one step; an 8-bit mantissa and an 11-bit scale round by 2^-8 at most.
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i], step + 0x1p-8f) << block_info(type).name << " " << i;
  }
}

TEST(BlockType, EncodesWhatHasNoScale) {
  for (const BlockType type : kEncoded)
    for (const float tiny : {0.0f, 1e-45f, 1e-40f}) {
      std::vector<float> x(256, 0), y(256, 1);
      x[7] = tiny;
      std::vector<std::byte> blocks(row_bytes(type, x.size()));
      encode_row(type, x.data(), blocks.data(), x.size());
      decode_row(type, blocks.data(), y.data(), y.size());
      for (const float v : y) EXPECT_LE(std::fabs(v), 1e-4f) << block_info(type).name;
    }
}

#ifndef NDEBUG
TEST(Encode, AsksForAnEncoderAndWholeBlocks) {
  std::vector<float> x(256);
  std::vector<std::byte> blocks(256 * sizeof(float));
  EXPECT_DEATH(encode_row(BlockType::Q4_K, x.data(), blocks.data(), 256), "has_encoder");
  EXPECT_DEATH(encode_row(BlockType::Q4_0, x.data(), blocks.data(), 33), "n_elements");
}
#endif

}  // namespace
}  // namespace facet::quant
