// link: facet_media
#include <cstdint>
#include <string>

#include "base/error.h"
#include "media/source.h"

// Text after "data:" -> bytes, no more than there are characters.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string uri = "data:" + std::string(reinterpret_cast<const char*>(data), size);
  try {
    if (facet::media::Source::from_data_uri(uri).bytes().size() > size) __builtin_trap();
  } catch (const facet::FormatError&) {
  }
  return 0;
}
