// The pictures that golden videos are made of, drawn by the integer formulas that goldens/processors names.
#pragma once

#include "media/image.h"

namespace facet::verify {

// Frame i of a golden video: rings where i is odd, else lines of dashes moved 3 * i columns to the right.
media::Image draw_frame(int i, int width, int height);

}  // namespace facet::verify
