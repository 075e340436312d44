// Pictures as pixels, decoded from what files hold.
#pragma once

#include <cstdint>
#include <vector>

namespace facet::media {

struct Image {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3]
};

}  // namespace facet::media
