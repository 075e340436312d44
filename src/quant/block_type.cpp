#include "quant/block_type.h"

#include <array>
#include <cassert>
#include <cstring>

#include "base/half.h"
#include "quant/decoders.h"

namespace facet::quant {
namespace {

struct Entry {
  BlockInfo info;
  DecodeBlock decode;  // null for one-element types
};

constexpr std::array<Entry, 33> kTypes{{
    {{BlockType::F32, "f32", 1, 4, true}, nullptr},
    {{BlockType::F16, "f16", 1, 2, true}, nullptr},
    {{BlockType::Q4_0, "q4_0", 32, 18, true}, decode_q4_0},
    {{BlockType::Q4_1, "q4_1", 32, 20, true}, decode_q4_1},
    {{BlockType::Q5_0, "q5_0", 32, 22, true}, decode_q5_0},
    {{BlockType::Q5_1, "q5_1", 32, 24, true}, decode_q5_1},
    {{BlockType::Q8_0, "q8_0", 32, 34, true}, decode_q8_0},
    {{BlockType::Q2_K, "q2_k", 256, 84, true}, decode_q2_k},
    {{BlockType::Q3_K, "q3_k", 256, 110, true}, decode_q3_k},
    {{BlockType::Q4_K, "q4_k", 256, 144, true}, decode_q4_k},
    {{BlockType::Q5_K, "q5_k", 256, 176, true}, decode_q5_k},
    {{BlockType::Q6_K, "q6_k", 256, 210, true}, decode_q6_k},
    {{BlockType::IQ2_XXS, "iq2_xxs", 256, 66, true}, decode_iq2_xxs},
    {{BlockType::IQ2_XS, "iq2_xs", 256, 74, true}, decode_iq2_xs},
    {{BlockType::IQ3_XXS, "iq3_xxs", 256, 98, true}, decode_iq3_xxs},
    {{BlockType::IQ1_S, "iq1_s", 256, 50, true}, decode_iq1_s},
    {{BlockType::IQ4_NL, "iq4_nl", 32, 18, true}, decode_iq4_nl},
    {{BlockType::IQ3_S, "iq3_s", 256, 110, true}, decode_iq3_s},
    {{BlockType::IQ2_S, "iq2_s", 256, 82, true}, decode_iq2_s},
    {{BlockType::IQ4_XS, "iq4_xs", 256, 136, true}, decode_iq4_xs},
    {{BlockType::I8, "i8", 1, 1, false}, nullptr},
    {{BlockType::I16, "i16", 1, 2, false}, nullptr},
    {{BlockType::I32, "i32", 1, 4, false}, nullptr},
    {{BlockType::I64, "i64", 1, 8, false}, nullptr},
    {{BlockType::F64, "f64", 1, 8, false}, nullptr},
    {{BlockType::IQ1_M, "iq1_m", 256, 56, true}, decode_iq1_m},
    {{BlockType::BF16, "bf16", 1, 2, true}, nullptr},
    {{BlockType::TQ1_0, "tq1_0", 256, 54, true}, decode_tq1_0},
    {{BlockType::TQ2_0, "tq2_0", 256, 66, true}, decode_tq2_0},
    {{BlockType::MXFP4, "mxfp4", 32, 17, true}, decode_mxfp4},
    {{BlockType::NVFP4, "nvfp4", 64, 36, true}, decode_nvfp4},
    {{BlockType::Q1_0, "q1_0", 128, 18, true}, decode_q1_0},
    {{BlockType::Q2_0, "q2_0", 64, 18, true}, decode_q2_0},
}};

// Index into kTypes by GGUF id, -1 where there is none.
constexpr auto kById = [] {
  std::array<int8_t, kBlockTypeIds> index{};
  for (auto& i : index) i = -1;
  for (size_t i = 0; i < kTypes.size(); ++i) index[static_cast<size_t>(kTypes[i].info.type)] = static_cast<int8_t>(i);
  return index;
}();

const Entry& entry(BlockType type) noexcept {
  const int i = kById[static_cast<size_t>(type)];
  assert(i >= 0);
  return kTypes[static_cast<size_t>(i)];
}

template <class ToFloat>
void decode_halves(const std::byte* p, float* y, size_t n, ToFloat&& to_float) {
  for (size_t i = 0; i < n; ++i) {
    uint16_t h;
    std::memcpy(&h, p + 2 * i, sizeof h);
    y[i] = to_float(h);
  }
}

}  // namespace

std::optional<BlockInfo> find_block_type(uint32_t id) noexcept {
  if (id >= kBlockTypeIds || kById[id] < 0) return {};
  return kTypes[static_cast<size_t>(kById[id])].info;
}

std::optional<BlockInfo> find_block_type(std::string_view name) noexcept {
  for (const Entry& e : kTypes)
    if (e.info.name == name) return e.info;
  return {};
}

const BlockInfo& block_info(BlockType type) noexcept { return entry(type).info; }

size_t row_bytes(BlockType type, size_t n_elements) noexcept {
  const BlockInfo& info = block_info(type);
  assert(n_elements % info.n_elements == 0);
  return n_elements / info.n_elements * info.n_bytes;
}

void decode_row(BlockType type, const std::byte* blocks, float* y, size_t n) noexcept {
  if (type == BlockType::F32) {
    std::memcpy(y, blocks, n * sizeof(float));
  } else if (type == BlockType::F16) {
    decode_halves(blocks, y, n, f16_to_f32);
  } else if (type == BlockType::BF16) {
    decode_halves(blocks, y, n, bf16_to_f32);
  } else {
    const Entry& e = entry(type);
    assert(e.decode != nullptr && n % e.info.n_elements == 0);
    const auto* b = reinterpret_cast<const uint8_t*>(blocks);
    for (size_t i = 0; i < n; i += e.info.n_elements, b += e.info.n_bytes) e.decode(b, y + i);
  }
}

}  // namespace facet::quant
