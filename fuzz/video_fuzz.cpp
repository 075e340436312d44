// link: facet_media
#include <cstdint>

#include "base/error.h"
#include "media/kind.h"
#include "media/video.h"

// Bytes -> a few small frames. In one thread: then an input does the same each time, and freed memory, which the
// sanitizer keeps for a while, does not outgrow its limit while another thread gives it back.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const auto source = facet::media::Source::from_bytes({bytes.begin(), bytes.end()}, "fuzz");
    if (facet::media::kind_of(source) != facet::media::MediaKind::kVideo) return 0;
    const auto video =
        facet::media::decode_video(source, 3, {.max_pixels = 1 << 14, .max_frames = 100, .n_threads = 1});
    if (video.frames.empty() || video.frames.size() > 3) __builtin_trap();
  } catch (const facet::FormatError&) {
  }
  return 0;
}
