// Pictures in another size, in the bytes the Pillow library gives with its bicubic filter: what the model's own
// processor uses, so that a picture is the same numbers to the model wherever it is shown.
#pragma once

#include "media/image.h"
#include "media/image_size.h"

namespace facet::media {

// Cubic convolution (a = -0.5), stretched by the ratio where it shrinks; along the rows first, rounded to 8 bits, then
// along the columns. The picture holds 3 * width * height bytes and both sizes are at least 1 x 1.
Image resize(const Image& image, Size size);

}  // namespace facet::media
