// Random weights for tests, in any block format, and how large the numbers are that their products are made of.
#pragma once

#include <cmath>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "quant/block_type.h"

namespace facet::quant {

// The types that may hold weights.
inline std::vector<BlockType> weight_types() {
  std::vector<BlockType> types;
  for (uint32_t id = 0; id < 256; ++id)
    if (const auto info = find_block_type(id); info && info->is_weight) types.push_back(info->type);
  return types;
}

inline std::vector<float> decoded(BlockType type, std::span<const std::byte> blocks) {
  const BlockInfo& info = block_info(type);
  std::vector<float> y(blocks.size() / info.n_bytes * info.n_elements);
  decode_row(type, blocks.data(), y.data(), y.size());
  return y;
}

// A whole number of blocks of random bytes, drawn again until the largest value of a block is between 2^-20 and 16:
// half of all bit patterns of a scale are no sensible one.
inline void fill_blocks(BlockType type, std::span<std::byte> out, std::mt19937& rng) {
  const size_t n_bytes = block_info(type).n_bytes;
  for (size_t at = 0; at + n_bytes <= out.size(); at += n_bytes) {
    const std::span<std::byte> block = out.subspan(at, n_bytes);
    for (bool is_fit = false; !is_fit;) {
      for (std::byte& b : block) b = static_cast<std::byte>(rng());
      float largest = 0;
      for (const float v : decoded(type, block)) largest = std::isfinite(v) ? std::max(largest, std::abs(v)) : INFINITY;
      is_fit = largest >= 0x1p-20f && largest <= 16;
    }
  }
}

// Which bytes of a block are codes.
struct CodeBytes {
  BlockType type;
  size_t begin, end;
};

// For each weight w = scale * code - min, or scale * (code - offset), the magnitudes of both parts: what a product that
// treats them on their own adds up. It is |w| in other formats.
inline std::vector<float> magnitudes(BlockType type, std::span<const std::byte> blocks) {
  using enum BlockType;
  static constexpr CodeBytes kOfTwoParts[] = {{Q4_0, 2, 18},   {Q4_1, 4, 20},   {Q5_0, 2, 22},
                                              {Q5_1, 4, 24},   {Q2_K, 16, 80},  {Q3_K, 0, 96},
                                              {Q4_K, 16, 144}, {Q5_K, 16, 176}, {Q6_K, 0, 192}};
  std::vector<float> out = decoded(type, blocks);
  for (const CodeBytes& codes : kOfTwoParts) {
    if (codes.type != type) continue;
    std::vector<std::byte> minimum(blocks.begin(), blocks.end());  // codes of zero leave the other part
    const size_t n_bytes = block_info(type).n_bytes;
    for (size_t at = 0; at < minimum.size(); at += n_bytes)
      std::memset(minimum.data() + at + codes.begin, 0, codes.end - codes.begin);
    const std::vector<float> m = decoded(type, minimum);
    for (size_t i = 0; i < out.size(); ++i) out[i] = std::abs(out[i] - m[i]) + std::abs(m[i]);
  }
  for (float& v : out) v = std::abs(v);
  return out;
}

// Random scales and one byte everywhere that codes lie, which makes all codes the same; for formats of codes.
inline void fill_equal_codes(BlockType type, std::byte code, std::span<std::byte> out, std::mt19937& rng) {
  using enum BlockType;
  static constexpr CodeBytes kCodes[] = {{Q4_0, 2, 18},   {Q4_1, 4, 20},  {Q5_0, 2, 22},   {Q5_1, 4, 24},
                                         {Q8_0, 2, 34},   {Q2_K, 16, 80}, {Q3_K, 0, 96},   {Q4_K, 16, 144},
                                         {Q5_K, 16, 176}, {Q6_K, 0, 192}, {IQ4_NL, 2, 18}, {IQ4_XS, 8, 136},
                                         {MXFP4, 1, 17},  {NVFP4, 4, 36}};
  fill_blocks(type, out, rng);
  for (const CodeBytes& codes : kCodes)
    for (size_t at = 0; codes.type == type && at < out.size(); at += block_info(type).n_bytes)
      std::memset(out.data() + at + codes.begin, static_cast<int>(code), codes.end - codes.begin);
}

}  // namespace facet::quant
