// Small value tables and scale encodings shared by the scalar definitions and the vector kernels.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/half.h"

namespace facet::quant {

inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
// E2M1 values doubled; the half is in the scale.
inline constexpr int8_t kFp4Values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// 2^(e - 128), exact also where it is subnormal.
inline float e8m0_half(uint8_t e) noexcept {
  return std::bit_cast<float>(e < 2 ? 0x00200000u << e : static_cast<uint32_t>(e - 1) << 23);
}

// Unsigned E4M3 (bias 7), halved; 0x7f is zero, in every other byte (0xff too) bit 7 is ignored. Exponent and mantissa
// stand in an f32 as they stand in the byte, subnormals included; the factor moves the bias from 127 to 7.
inline float ue4m3_half(uint8_t x) noexcept {
  return x == 0x7f ? 0 : std::bit_cast<float>((x & 0x7fu) << 20) * 0x1p119f;
}

// The 6-bit scale and minimum of sub-block j (0..7) of Q4_K and Q5_K, from their 12 packed bytes.
struct ScaleMin {
  uint8_t scale, min;
};
inline ScaleMin k_scale_min(const uint8_t* s, int j) noexcept {
  if (j < 4) return {static_cast<uint8_t>(s[j] & 63), static_cast<uint8_t>(s[j + 4] & 63)};
  return {static_cast<uint8_t>((s[j + 4] & 15) | (s[j - 4] >> 6) << 4),
          static_cast<uint8_t>((s[j + 4] >> 4) | (s[j] >> 6) << 4)};
}

inline uint16_t load_u16(const uint8_t* p) noexcept {
  uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline uint32_t load_u32(const uint8_t* p) noexcept {
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline float load_f16(const uint8_t* p) noexcept { return f16_to_f32(load_u16(p)); }

}  // namespace facet::quant
