// link: facet_media
#include <cstdint>

#include "base/error.h"
#include "media/sound.h"

// Bytes -> what is heard of them in a few seconds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    facet::media::decode_sound(facet::media::Source::from_bytes({bytes.begin(), bytes.end()}, "fuzz"),
                               {.max_seconds = 2});
  } catch (const facet::FormatError&) {
  }
  return 0;
}
