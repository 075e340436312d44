// Encoders: the rounding rules of the format's reference, so that files we write equal files others write.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "quant/block_type.h"
#include "quant/codes.h"

namespace facet::quant {
namespace {

void store_f16(uint8_t* p, float v) {
  const uint16_t h = f32_to_f16(v);
  std::memcpy(p, &h, sizeof h);
}

void store_u32(uint8_t* p, uint32_t v) { std::memcpy(p, &v, sizeof v); }

// The element of largest magnitude, sign kept; the first of equals.
float extreme(const float* x, int n) {
  float best = x[0];
  for (int i = 1; i < n; ++i)
    if (std::fabs(x[i]) > std::fabs(best)) best = x[i];
  return best;
}

float inverse(float d) { return d == 0 ? 0 : 1 / d; }

// Code of x in [0, top]: truncation after the offset, not rounding.
int code(float x, float inverse_scale, float offset, int top) {
  const float v = std::trunc(x * inverse_scale + offset);
  return v >= static_cast<float>(top) ? top : v > 0 ? static_cast<int>(v) : 0;
}

void pack_nibbles(const int* q, uint8_t* out) {
  for (int i = 0; i < 16; ++i) out[i] = static_cast<uint8_t>((q[i] & 15) | (q[i + 16] & 15) << 4);
}

uint32_t fifth_bits(const int* q) {
  uint32_t bits = 0;
  for (int i = 0; i < 32; ++i) bits |= static_cast<uint32_t>((q[i] >> 4) & 1) << i;
  return bits;
}

// Q4_0 and Q5_0: 2^bits codes around a centre, the extreme value at code 0.
void encode_symmetric(const float* x, uint8_t* b, int bits) {
  const int centre = 1 << (bits - 1);
  const float d = extreme(x, 32) / static_cast<float>(-centre), id = inverse(d);
  int q[32];
  for (int i = 0; i < 32; ++i) q[i] = code(x[i], id, static_cast<float>(centre) + 0.5f, 2 * centre - 1);
  store_f16(b, d);
  if (bits == 5) store_u32(b + 2, fifth_bits(q));
  pack_nibbles(q, b + (bits == 5 ? 6 : 2));
}

// Q4_1 and Q5_1: codes from the smallest value up.
void encode_affine(const float* x, uint8_t* b, int bits) {
  const auto [low, high] = std::minmax_element(x, x + 32);
  const int top = (1 << bits) - 1;
  const float d = (*high - *low) / static_cast<float>(top), id = inverse(d);
  int q[32];
  for (int i = 0; i < 32; ++i) q[i] = code(x[i] - *low, id, 0.5f, top);
  store_f16(b, d);
  store_f16(b + 2, *low);
  if (bits == 5) store_u32(b + 4, fifth_bits(q));
  pack_nibbles(q, b + (bits == 5 ? 8 : 4));
}

// Rounded. Where the scale is so small that its inverse is infinite, v may be anything.
int8_t to_i8(float v) {
  const float r = std::round(v);
  if (r >= 127) return 127;
  return r > -128 ? static_cast<int8_t>(r) : r <= -128 ? int8_t{-128} : int8_t{0};
}

void encode_q8_0(const float* x, uint8_t* b) {
  const float d = std::fabs(extreme(x, 32)) / 127, id = inverse(d);
  store_f16(b, d);
  for (int i = 0; i < 32; ++i) b[2 + i] = static_cast<uint8_t>(to_i8(x[i] * id));
}

void encode_mxfp4(const float* x, uint8_t* b) {
  const float top = std::fabs(extreme(x, 32));
  const auto e = static_cast<uint8_t>(top > 0 ? std::clamp(std::floor(std::log2(top)) - 2 + 127, 0.0f, 254.0f) : 0);
  const float d = e8m0_half(e);
  int q[32];
  for (int i = 0; i < 32; ++i) {
    q[i] = 0;
    float best = std::fabs(d * kFp4Values[0] - x[i]);
    for (int k = 1; k < 16; ++k) {
      const float error = std::fabs(d * static_cast<float>(kFp4Values[k]) - x[i]);
      if (error < best) best = error, q[i] = k;
    }
  }
  b[0] = e;
  pack_nibbles(q, b + 1);
}

// -1, 0 or 1 as 0, 1 or 2. The reciprocal of a tiny magnitude is infinite: what comes of it is cut, and no number is 0.
int ternary(float x, float inverse_scale) {
  const float v = std::round(x * inverse_scale);
  return v >= 1 ? 2 : v <= -1 ? 0 : 1;
}

void encode_tq1_0(const float* x, uint8_t* b) {
  const float d = std::fabs(extreme(x, 256)), id = inverse(d);
  const auto pack = [&](const float* first, int stride, int n) {
    int value = 0;
    for (int k = 0; k < 5; ++k) value = value * 3 + (k < n ? ternary(first[k * stride], id) : 0);
    return static_cast<uint8_t>((value * 256 + 242) / 243);
  };
  for (int l = 0; l < 32; ++l) b[l] = pack(x + l, 32, 5);
  for (int l = 0; l < 16; ++l) b[32 + l] = pack(x + 160 + l, 16, 5);
  for (int l = 0; l < 4; ++l) b[48 + l] = pack(x + 240 + l, 4, 4);
  store_f16(b + 52, d);
}

void encode_tq2_0(const float* x, uint8_t* b) {
  const float d = std::fabs(extreme(x, 256)), id = inverse(d);
  for (int half = 0; half < 2; ++half)
    for (int l = 0; l < 32; ++l) {
      int byte = 0;
      for (int j = 0; j < 4; ++j) byte |= ternary(x[128 * half + 32 * j + l], id) << (2 * j);
      b[32 * half + l] = static_cast<uint8_t>(byte);
    }
  store_f16(b + 64, d);
}

void encode_block(BlockType type, const float* x, uint8_t* b) {
  switch (type) {
    case BlockType::F32:
      std::memcpy(b, x, sizeof *x);
      break;
    case BlockType::F16:
      store_f16(b, *x);
      break;
    case BlockType::BF16: {
      const uint16_t h = f32_to_bf16(*x);
      std::memcpy(b, &h, sizeof h);
      break;
    }
    case BlockType::Q4_0:
      encode_symmetric(x, b, 4);
      break;
    case BlockType::Q5_0:
      encode_symmetric(x, b, 5);
      break;
    case BlockType::Q4_1:
      encode_affine(x, b, 4);
      break;
    case BlockType::Q5_1:
      encode_affine(x, b, 5);
      break;
    case BlockType::Q8_0:
      encode_q8_0(x, b);
      break;
    case BlockType::MXFP4:
      encode_mxfp4(x, b);
      break;
    case BlockType::TQ1_0:
      encode_tq1_0(x, b);
      break;
    case BlockType::TQ2_0:
      encode_tq2_0(x, b);
      break;
    default:
      break;
  }
}

}  // namespace

bool has_encoder(BlockType type) noexcept {
  switch (type) {
    case BlockType::F32:
    case BlockType::F16:
    case BlockType::BF16:
    case BlockType::Q4_0:
    case BlockType::Q4_1:
    case BlockType::Q5_0:
    case BlockType::Q5_1:
    case BlockType::Q8_0:
    case BlockType::MXFP4:
    case BlockType::TQ1_0:
    case BlockType::TQ2_0:
      return true;
    default:
      return false;
  }
}

void encode_row(BlockType type, const float* x, std::byte* blocks, size_t n) noexcept {
  const BlockInfo& info = block_info(type);
  assert(has_encoder(type) && n % info.n_elements == 0);
  auto* b = reinterpret_cast<uint8_t*>(blocks);
  for (size_t i = 0; i < n; i += info.n_elements, b += info.n_bytes) encode_block(type, x + i, b);
}

}  // namespace facet::quant
