// The code-book formats: groups of four or eight weights are entries of a table, with signs and scales beside them.
#include <bit>

#include "quant/codes.h"
#include "quant/decoders.h"
#include "quant/iq_tables.h"

namespace facet::quant {
namespace {

constexpr float kIq2Values[4] = {8, 25, 43, 0};
constexpr float kIq3XxsValues[8] = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr float kIq1Delta = 0.125f;

// Seven stored sign bits; the eighth makes their number even.
uint8_t even_signs(uint32_t bits7) {
  return static_cast<uint8_t>(bits7 | (static_cast<uint32_t>(std::popcount(bits7) & 1) << 7));
}

float signed_value(float v, uint8_t signs, int i) { return (signs >> i) & 1 ? v * -1.0f : v; }

void eight_of_iq2(uint16_t entry, float scale, uint8_t signs, float* y) {
  for (int i = 0; i < 8; ++i) y[i] = signed_value(scale * kIq2Values[(entry >> (2 * i)) & 3], signs, i);
}

void eight_of_iq1(uint16_t entry, float scale, float delta, float* y) {
  for (int i = 0; i < 8; ++i) y[i] = scale * (static_cast<float>(((entry >> (2 * i)) & 3) - 1) + delta);
}

}  // namespace

void decode_iq2_xxs(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int c = 0; c < 8; ++c) {
    const uint8_t* q = b + 2 + 8 * c;
    const uint32_t rest = load_u32(q + 4);
    const float scale = d * (0.5f + static_cast<float>(rest >> 28)) * 0.25f;
    for (int g = 0; g < 4; ++g)
      eight_of_iq2(kIq2XxsGrid[q[g]], scale, even_signs((rest >> (7 * g)) & 127), y + 32 * c + 8 * g);
  }
}

void decode_iq2_xs(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int g = 0; g < 32; ++g) {
    const uint16_t q = load_u16(b + 2 + 2 * g);
    const int scale = (b[66 + g / 4] >> (4 * (g / 2 % 2))) & 15;
    eight_of_iq2(kIq2XsGrid[q & 511], d * (0.5f + static_cast<float>(scale)) * 0.25f, even_signs(q >> 9), y + 8 * g);
  }
}

void decode_iq2_s(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int g = 0; g < 32; ++g) {
    const int index = b[2 + g] | ((b[66 + g / 4] >> (2 * (g % 4))) & 3) << 8;
    const int scale = (b[74 + g / 4] >> (4 * (g / 2 % 2))) & 15;
    eight_of_iq2(kIq2SGrid[static_cast<size_t>(index)], d * (0.5f + static_cast<float>(scale)) * 0.25f, b[34 + g],
                 y + 8 * g);
  }
}

void decode_iq3_xxs(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int c = 0; c < 8; ++c) {
    const uint32_t rest = load_u32(b + 66 + 4 * c);
    const float scale = d * (0.5f + static_cast<float>(rest >> 28)) * 0.5f;
    for (int i = 0; i < 32; ++i) {
      const uint16_t entry = kIq3XxsGrid[b[2 + 8 * c + i / 4]];
      const uint8_t signs = even_signs((rest >> (7 * (i / 8))) & 127);
      y[32 * c + i] = signed_value(scale * kIq3XxsValues[(entry >> (4 * (i % 4))) & 7], signs, i % 8);
    }
  }
}

void decode_iq3_s(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int g = 0; g < 64; ++g) {
    const int index = b[2 + g] | ((b[66 + g / 8] >> (g % 8)) & 1) << 8;
    const uint16_t entry = kIq3SGrid[static_cast<size_t>(index)];
    const int scale = (b[106 + g / 16] >> (4 * (g / 8 % 2))) & 15;
    const float factor = d * static_cast<float>(1 + 2 * scale);
    for (int i = 0; i < 4; ++i) {
      const auto magnitude = static_cast<float>(2 * ((entry >> (4 * i)) & 7) + 1);
      y[4 * g + i] = signed_value(factor * magnitude, b[74 + g / 2], 4 * (g % 2) + i);
    }
  }
}

void decode_iq1_s(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int c = 0; c < 8; ++c) {
    const uint16_t high = load_u16(b + 34 + 2 * c);
    const float scale = d * static_cast<float>(2 * ((high >> 12) & 7) + 1);
    for (int g = 0; g < 4; ++g) {
      const int index = b[2 + 4 * c + g] | ((high >> (3 * g)) & 7) << 8;
      eight_of_iq1(kIq1Grid[static_cast<size_t>(index)], scale, high & 0x8000 ? -kIq1Delta : kIq1Delta,
                   y + 32 * c + 8 * g);
    }
  }
}

// The one format that spreads its f16 scale over the top nibbles of four words.
void decode_iq1_m(const uint8_t* b, float* y) {
  uint16_t d_bits = 0;
  for (int i = 0; i < 4; ++i)
    d_bits = static_cast<uint16_t>(d_bits | (load_u16(b + 48 + 2 * i) & 0xf000) >> (12 - 4 * i));
  const float d = f16_to_f32(d_bits);
  for (int g = 0; g < 32; ++g) {
    const int high = b[32 + g / 2] >> (4 * (g % 2));
    const int scale = (load_u16(b + 48 + 2 * (g / 8)) >> (3 * (g / 2 % 4))) & 7;
    const int index = b[g] | (high & 7) << 8;
    eight_of_iq1(kIq1Grid[static_cast<size_t>(index)], d * static_cast<float>(2 * scale + 1),
                 high & 8 ? -kIq1Delta : kIq1Delta, y + 8 * g);
  }
}

}  // namespace facet::quant
