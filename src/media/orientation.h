// How a picture lies in its file: the eight orientations of EXIF.
//
// Pixel (x, y) of the upright picture is, in a stored picture of w x h: 1 in(x, y); 2 in(w-1-x, y); 3 in(w-1-x, h-1-y);
// 4 in(x, h-1-y); 5 in(y, x); 6 in(y, h-1-x); 7 in(w-1-y, h-1-x); 8 in(w-1-y, x).
#pragma once

#include <cstddef>
#include <span>

#include "media/image.h"

namespace facet::media {

// The orientation in a block of EXIF data, with or without "Exif\0\0" before it. 1 when there is none, or none of 1..8.
int exif_orientation(std::span<const std::byte> exif) noexcept;

// The picture turned and mirrored so that it is upright; orientations 5 to 8 swap width and height.
Image upright(Image image, int orientation);

}  // namespace facet::media
