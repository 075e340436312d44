// Pictures as pixels, decoded from what files hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace facet::media {

struct Image {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3]
};

struct ImageLimits {
  int64_t max_pixels = 178'000'000;
};

// The picture in a PNG, JPEG, WebP, GIF or BMP file; which of them it is, its content says, whatever the name. name:
// for messages. Of an animation the first frame on its canvas. The orientation that EXIF tells is applied. Alpha is
// dropped and transparency ignored, nothing is composited; of 16 bits the high byte stays; CMYK becomes RGB without
// profiles. Throws FormatError when the bytes are no such picture, or one that is damaged, cut short or larger than the
// limits, which are checked before pixels are decoded or memory is asked for; ResourceError for BMP in a build without
// FFmpeg.
Image decode_image(std::span<const std::byte> bytes, const std::string& name, const ImageLimits& limits = {});

}  // namespace facet::media
