// link: facet_model
#include <cstdint>

#include "base/error.h"
#include "model/config.h"

// Bytes -> config.json -> a configuration, in which every layer can be asked for.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto config = facet::model::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz");
    [[maybe_unused]] volatile int sink = config.max_ff() + config.max_kv_width();
    for (const auto& layer : config.layers) sink = config.layers.at(static_cast<size_t>(layer.kv_source)).head_dim;
  } catch (const facet::FormatError&) {
  }
  return 0;
}
