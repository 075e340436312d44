// Super-blocks of 256 weights with quantised sub-block scales: the K-quants, IQ4_XS and the ternary types.
#include "quant/codes.h"
#include "quant/decoders.h"

namespace facet::quant {

void decode_q2_k(const uint8_t* b, float* y) {
  const float d = load_f16(b + 80), dmin = load_f16(b + 82);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, j = i % 128 / 32, l = i % 32;
    const int q = (b[16 + 32 * half + l] >> (2 * j)) & 3, scales = b[8 * half + 2 * j + l / 16];
    y[i] = (d * static_cast<float>(scales & 15)) * static_cast<float>(q) - dmin * static_cast<float>(scales >> 4);
  }
}

void decode_q3_k(const uint8_t* b, float* y) {
  const float d = load_f16(b + 108);
  const uint8_t* scales = b + 96;
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, j = i % 128 / 32, l = i % 32, t = 8 * half + 2 * j + l / 16;
    const int low = t < 8 ? scales[t] & 15 : scales[t - 8] >> 4;
    const int high = (scales[8 + t % 4] >> (2 * (t / 4))) & 3;
    const int q = ((b[32 + 32 * half + l] >> (2 * j)) & 3) - ((b[l] >> (4 * half + j)) & 1 ? 0 : 4);
    y[i] = (d * static_cast<float>((low | high << 4) - 32)) * static_cast<float>(q);
  }
}

void decode_q4_k(const uint8_t* b, float* y) {
  const float d = load_f16(b), dmin = load_f16(b + 2);
  for (int j = 0; j < 8; ++j) {
    const ScaleMin s = k_scale_min(b + 4, j);
    const float scale = d * static_cast<float>(s.scale), min = dmin * static_cast<float>(s.min);
    const uint8_t* q = b + 16 + 32 * (j / 2);
    for (int l = 0; l < 32; ++l) y[32 * j + l] = scale * static_cast<float>((q[l] >> (4 * (j % 2))) & 15) - min;
  }
}

void decode_q5_k(const uint8_t* b, float* y) {
  const float d = load_f16(b), dmin = load_f16(b + 2);
  for (int j = 0; j < 8; ++j) {
    const ScaleMin s = k_scale_min(b + 4, j);
    const float scale = d * static_cast<float>(s.scale), min = dmin * static_cast<float>(s.min);
    const uint8_t* q = b + 48 + 32 * (j / 2);
    for (int l = 0; l < 32; ++l) {
      const int code = ((q[l] >> (4 * (j % 2))) & 15) | ((b[16 + l] >> j) & 1) << 4;
      y[32 * j + l] = scale * static_cast<float>(code) - min;
    }
  }
}

void decode_q6_k(const uint8_t* b, float* y) {
  const float d = load_f16(b + 208);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, k = i % 128 / 32, l = i % 32;
    const int low = (b[64 * half + 32 * (k & 1) + l] >> (k < 2 ? 0 : 4)) & 15;
    const int high = (b[128 + 32 * half + l] >> (2 * k)) & 3;
    const auto scale = static_cast<int8_t>(b[192 + 8 * half + 2 * k + l / 16]);
    y[i] = (d * static_cast<float>(scale)) * static_cast<float>((low | high << 4) - 32);
  }
}

void decode_iq4_xs(const uint8_t* b, float* y) {
  const float d = load_f16(b);
  const uint16_t scales_high = load_u16(b + 2);
  for (int c = 0; c < 8; ++c) {
    const int scale = ((b[4 + c / 2] >> (4 * (c % 2))) & 15) | ((scales_high >> (2 * c)) & 3) << 4;
    const float factor = d * static_cast<float>(scale - 32);
    const uint8_t* q = b + 8 + 16 * c;
    for (int j = 0; j < 32; ++j)
      y[32 * c + j] = factor * static_cast<float>(kIq4Values[j < 16 ? q[j] & 15 : q[j - 16] >> 4]);
  }
}

// Five ternary digits to a byte, as a fraction of 256: multiplying by 3^k brings digit k to the front.
void decode_tq1_0(const uint8_t* b, float* y) {
  static constexpr uint8_t kPower[5] = {1, 3, 9, 27, 81};
  const float d = load_f16(b + 52);
  const auto digit = [](uint8_t byte, int k) {
    const auto fraction = static_cast<uint8_t>(byte * kPower[k]);
    return static_cast<float>((fraction * 3 >> 8) - 1);
  };
  for (int k = 0; k < 5; ++k) {
    for (int l = 0; l < 32; ++l) y[32 * k + l] = d * digit(b[l], k);
    for (int l = 0; l < 16; ++l) y[160 + 16 * k + l] = d * digit(b[32 + l], k);
  }
  for (int k = 0; k < 4; ++k)
    for (int l = 0; l < 4; ++l) y[240 + 4 * k + l] = d * digit(b[48 + l], k);
}

void decode_tq2_0(const uint8_t* b, float* y) {
  const float d = load_f16(b + 64);
  for (int i = 0; i < 256; ++i)
    y[i] = d * static_cast<float>(((b[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3) - 1);
}

}  // namespace facet::quant
