// A picture as the encoders take it.
#pragma once

#include <cstdint>
#include <span>

namespace facet::model {

// Rows of pixels from the top, R G B; both sides are multiples of the encoder's soft tokens (48 pixels). A view.
struct Pixels {
  int width = 0, height = 0;
  std::span<const uint8_t> rgb;  // [height, width, 3]
};

}  // namespace facet::model
