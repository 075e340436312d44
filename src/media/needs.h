// What a function says that the build left out.
#pragma once

#include <string>

#include "base/error.h"

namespace facet::media {

[[noreturn]] inline void throw_needs_ffmpeg(const std::string& name, const char* what) {
  throw_error<ResourceError>(
      "{}: {} need FFmpeg's libraries, which this build is without: build with -DFACET_FFMPEG=ON", name, what);
}

}  // namespace facet::media
