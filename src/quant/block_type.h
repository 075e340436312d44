// The block formats of GGUF tensors and their scalar decode and encode: the definition every kernel is tested against.
// A matrix row is a whole number of blocks; blocks follow one another along the row. Layouts: docs/formats.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace facet::quant {

// Values are GGUF's type ids.
enum class BlockType : uint8_t {
  F32 = 0,
  F16 = 1,
  Q4_0 = 2,
  Q4_1 = 3,
  Q5_0 = 6,
  Q5_1 = 7,
  Q8_0 = 8,
  Q2_K = 10,
  Q3_K = 11,
  Q4_K = 12,
  Q5_K = 13,
  Q6_K = 14,
  IQ2_XXS = 16,
  IQ2_XS = 17,
  IQ3_XXS = 18,
  IQ1_S = 19,
  IQ4_NL = 20,
  IQ3_S = 21,
  IQ2_S = 22,
  IQ4_XS = 23,
  I8 = 24,
  I16 = 25,
  I32 = 26,
  I64 = 27,
  F64 = 28,
  IQ1_M = 29,
  BF16 = 30,
  TQ1_0 = 34,
  TQ2_0 = 35,
  MXFP4 = 39,
  NVFP4 = 40,
  Q1_0 = 41,
  Q2_0 = 42,
};

// Size of a table that is indexed by type.
constexpr size_t kBlockTypeIds = static_cast<size_t>(BlockType::Q2_0) + 1;

struct BlockInfo {
  BlockType type;
  std::string_view name;  // as written by GGUF tools, lower case: "q4_k"
  uint32_t n_elements;    // per block
  uint32_t n_bytes;       // per block
  bool is_weight;         // decode_row understands it (false: integers and F64, which only occur as tables)
};

// Nothing for ids that are unknown, removed, or activation formats (Q8_1, Q8_K).
std::optional<BlockInfo> find_block_type(uint32_t gguf_id) noexcept;
std::optional<BlockInfo> find_block_type(std::string_view name) noexcept;
const BlockInfo& block_info(BlockType type) noexcept;

// Bytes of a row; n_elements is a multiple of the block's elements.
size_t row_bytes(BlockType type, size_t n_elements) noexcept;

// y[i] = the value of element i of the row at `blocks`, i < n, n a multiple of the block's elements; f32 arithmetic in
// the order of docs/formats.md, bit-exact. `blocks` needs no alignment.
void decode_row(BlockType type, const std::byte* blocks, float* y, size_t n) noexcept;

// The inverse, for the types where has_encoder(): F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, MXFP4, TQ1_0, TQ2_0.
bool has_encoder(BlockType type) noexcept;
void encode_row(BlockType type, const float* x, std::byte* blocks, size_t n) noexcept;

}  // namespace facet::quant
