// Blocks of 32 to 128 weights with one scale (or one per 16).
#include "quant/codes.h"
#include "quant/decoders.h"

namespace facet::quant {
namespace {

// Element i of 32 four-bit codes; i and i + 16 share a byte.
int nibble(const uint8_t* q, int i) { return i < 16 ? q[i] & 15 : q[i - 16] >> 4; }

}  // namespace

void decode_q4_0(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(nibble(b + 2, i) - 8) * d;
}

void decode_q4_1(const uint8_t* b, float* y) {
  const float d = load_f16(b), m = load_f16(b + 2);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(nibble(b + 4, i)) * d + m;
}

void decode_q5_0(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  const uint32_t high = load_u32(b + 2);
  for (int i = 0; i < 32; ++i)
    y[i] = static_cast<float>((nibble(b + 6, i) | static_cast<int>((high >> i) & 1) << 4) - 16) * d;
}

void decode_q5_1(const uint8_t* b, float* y) {
  const float d = load_f16(b), m = load_f16(b + 2);
  const uint32_t high = load_u32(b + 4);
  for (int i = 0; i < 32; ++i)
    y[i] = static_cast<float>(nibble(b + 8, i) | static_cast<int>((high >> i) & 1) << 4) * d + m;
}

void decode_q8_0(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(static_cast<int8_t>(b[2 + i])) * d;
}

void decode_q1_0(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int i = 0; i < 128; ++i) y[i] = (b[2 + i / 8] >> (i % 8)) & 1 ? d : -d;
}

void decode_q2_0(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int i = 0; i < 64; ++i) y[i] = static_cast<float>(((b[2 + i / 4] >> (2 * (i % 4))) & 3) - 1) * d;
}

void decode_iq4_nl(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  for (int i = 0; i < 32; ++i) y[i] = d * static_cast<float>(kIq4Values[nibble(b + 2, i)]);
}

void decode_mxfp4(const uint8_t* b, float* y) {
  const float d = e8m0_half(b[0]);
  for (int i = 0; i < 32; ++i) y[i] = static_cast<float>(kFp4Values[nibble(b + 1, i)]) * d;
}

void decode_nvfp4(const uint8_t* b, float* y) {
  for (int i = 0; i < 64; ++i) {
    const int sub = i / 16, j = i % 16;
    const uint8_t byte = b[4 + 8 * sub + j % 8];
    y[i] = static_cast<float>(kFp4Values[j < 8 ? byte & 15 : byte >> 4]) * ue4m3_half(b[sub]);
  }
}

}  // namespace facet::quant
