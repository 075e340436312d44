#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace facet {
namespace {

// What a binary16 pattern means, from its definition.
double f16_value(uint16_t h) {
  const int exponent = (h >> 10) & 31, mantissa = h & 1023;
  const double sign = (h & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return mantissa != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

uint32_t bits(float f) { return std::bit_cast<uint32_t>(f); }

TEST(Half, EveryF16HasItsValueAndComesBack) {
  for (uint32_t h = 0; h < 65536; ++h) {
    const float f = f16_to_f32(static_cast<uint16_t>(h));
    if (std::isnan(f16_value(static_cast<uint16_t>(h)))) {
      ASSERT_TRUE(std::isnan(f)) << h;
      ASSERT_TRUE(std::isnan(f16_to_f32(f32_to_f16(f)))) << h;
    } else {
      ASSERT_EQ(bits(f), bits(static_cast<float>(f16_value(static_cast<uint16_t>(h))))) << h;
      ASSERT_EQ(f32_to_f16(f), h);
    }
  }
}

TEST(Half, EveryBf16IsTheUpperHalfOfAnF32AndComesBack) {
  for (uint32_t h = 0; h < 65536; ++h) {
    const float f = bf16_to_f32(static_cast<uint16_t>(h));
    ASSERT_EQ(bits(f), h << 16);
    if (std::isnan(f))
      ASSERT_EQ(f32_to_bf16(f), h | 0x40) << h;  // made quiet
    else
      ASSERT_EQ(f32_to_bf16(f), h);
  }
}

// Between each two neighbours of one sign: just below the middle, the middle, just above.
template <class ToFloat, class FromFloat>
void check_rounding(uint32_t n_finite, ToFloat&& to_float, FromFloat&& from_float) {
  for (uint32_t h = 0; h + 1 < n_finite; ++h)
    for (const uint32_t sign : {0u, 0x8000u}) {
      const double low = to_float(static_cast<uint16_t>(h)), high = to_float(static_cast<uint16_t>(h + 1));
      const float middle = static_cast<float>((low + high) / 2);
      const float s = sign != 0 ? -1.0f : 1.0f;
      ASSERT_EQ(from_float(s * std::nextafter(middle, 0.0f)), sign | h) << h;
      ASSERT_EQ(from_float(s * middle), sign | (h + (h & 1))) << h;
      ASSERT_EQ(from_float(s * std::nextafter(middle, INFINITY)), sign | (h + 1)) << h;
    }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  check_rounding(0x7c00, f16_to_f32, f32_to_f16);
  // Below 2^-132 the middle between two bf16 is no f32 that has neighbours on both sides of it: it is exact all the
  // same.
  check_rounding(0x7f80, bf16_to_f32, f32_to_bf16);
}

TEST(Half, OverflowIsInfinity) {
  EXPECT_EQ(f32_to_f16(65519.996f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_f16(-1e30f), 0xfc00);
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7f80);
}

TEST(Half, NanOfAnyPayloadStaysNan) {
  for (const uint32_t payload : {0x7f800001u, 0xff800001u, 0x7fc00000u, 0x7fffffffu, 0xffffffffu}) {
    const float nan = std::bit_cast<float>(payload);
    EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(nan)))) << payload;
    EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(nan)))) << payload;
  }
}

}  // namespace
}  // namespace facet
