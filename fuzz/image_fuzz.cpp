// link: facet_media
#include <cstdint>

#include "base/error.h"
#include "media/image.h"

// Bytes -> a picture, of as many pixels as it says.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto image =
        facet::media::decode_image(std::as_bytes(std::span(data, size)), "fuzz", {.max_pixels = 1 << 16});
    if (image.rgb.size() != static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3) __builtin_trap();
  } catch (const facet::FormatError&) {
  }
  return 0;
}
