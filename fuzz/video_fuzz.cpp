// link: facet_media
#include <cstdint>

#include "base/error.h"
#include "media/kind.h"
#include "media/video.h"

// Bytes -> a few small frames.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const auto source = facet::media::Source::from_bytes({bytes.begin(), bytes.end()}, "fuzz");
    if (facet::media::kind_of(source) != facet::media::MediaKind::kVideo) return 0;
    const auto video = facet::media::decode_video(source, 3, {.max_pixels = 1 << 14, .max_frames = 100});
    if (video.frames.empty() || video.frames.size() > 3) __builtin_trap();
  } catch (const facet::FormatError&) {
  }
  return 0;
}
