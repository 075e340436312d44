// link: facet_quant
#include <cstdint>
#include <vector>

#include "quant/block_type.h"

// The first byte chooses a format, the rest are blocks: decoding any bytes is defined.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto info = facet::quant::find_block_type(data[0] % static_cast<uint32_t>(facet::quant::kBlockTypeIds));
  if (!info || !info->is_weight) return 0;
  const size_t n_blocks = (size - 1) / info->n_bytes;
  if (n_blocks == 0) return 0;
  std::vector<float> y(n_blocks * info->n_elements);
  facet::quant::decode_row(info->type, reinterpret_cast<const std::byte*>(data + 1), y.data(), y.size());
  return 0;
}
