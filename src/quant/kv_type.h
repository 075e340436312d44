// How keys and values are cached: as numbers, or as blocks of 32 codes of a byte with a scale in f16. A row is one
// head's key or value of one token.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/block_type.h"

namespace facet::quant {

enum class KvType : uint8_t { F32, F16, BF16, Q8_0 };
constexpr int kKvTypes = 4;

constexpr BlockType block_type(KvType type) noexcept {
  constexpr BlockType kTypes[kKvTypes] = {BlockType::F32, BlockType::F16, BlockType::BF16, BlockType::Q8_0};
  return kTypes[static_cast<size_t>(type)];
}

// head_dim is a multiple of the type's block.
inline size_t kv_row_bytes(KvType type, int head_dim) noexcept {
  return row_bytes(block_type(type), static_cast<size_t>(head_dim));
}

}  // namespace facet::quant
