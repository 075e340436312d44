// link: facet_safetensors
#include <cstdint>

#include "base/error.h"
#include "safetensors/reader.h"

// Bytes -> a safetensors directory; every view it gives must be readable.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto file = facet::safetensors::File::parse(std::as_bytes(std::span(data, size)), "fuzz");
    [[maybe_unused]] volatile std::byte sink{};
    for (const auto& t : file.tensors())
      if (!t.data.empty()) sink = t.data.front() ^ t.data.back();
  } catch (const facet::FormatError&) {
  }
  return 0;
}
