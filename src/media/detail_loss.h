// How much of a picture's fine structure disappears when it is shown with fewer pixels: what `auto` budgets and tiles
// are chosen by.
#pragma once

#include <cstdint>
#include <vector>

#include "media/image.h"
#include "media/image_size.h"

namespace facet::media {

// Brightness alone, 0..255.
struct Luma {
  int width = 0, height = 0;
  std::vector<uint8_t> values;  // [height, width]
};
Luma luma(const Image& image);

// When a square of 32 x 32 pixels, as shown, has lost its detail: what varied inside its pixels, and so cannot be seen,
// is more than `levels` strong (the root of its variance, in units of 1/255) and more than `share` of all that varied
// in the square. Of writing that is large enough to read, edges alone vary inside pixels; of writing too small for it,
// most does.
struct LossLimit {
  double levels = 0, share = 0;
};
// Found with pages of print: letters of some 14 pixels from line to line keep enough of their variance to be read,
// those of 9 do not.
constexpr LossLimit kHardToRead{16, 0.36}, kUnreadable{16, 0.5};
// Noise is weaker, and what varies in photographs stronger: what exceeds this has changed, if only a little.
constexpr LossLimit kChanged{10, 0.1};
// What may be lost of a picture for it still to count as kept; a line of small print is more.
constexpr double kLossAllowed = 0.01;

// The share of squares that have lost their detail when the picture is shown in a size; 0 where no side shrinks.
double lost_share(const Luma& picture, Size shown, LossLimit limit);

}  // namespace facet::media
