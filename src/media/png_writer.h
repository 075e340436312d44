// Pixels as a PNG file.
#pragma once

#include <string>

#include "media/image.h"

namespace facet::media {

// Throws ResourceError where libpng cannot write it, for want of memory.
std::string encode_png(const Image& image);

}  // namespace facet::media
