// The picture formats behind decode_image (image.h), a file each. They throw FormatError.
#pragma once

#include <string>

#include "media/image.h"

namespace facet::media {

// A picture file as it came.
struct EncodedImage {
  std::span<const std::byte> bytes;
  std::string name;    // for messages
  std::string format;  // "PNG"
  int64_t max_pixels = 0;
};

struct DecodedImage {
  Image image;
  int orientation = 1;  // as EXIF counts (orientation.h), not applied yet
};

DecodedImage decode_png(const EncodedImage& file);
DecodedImage decode_jpeg(const EncodedImage& file);
DecodedImage decode_webp(const EncodedImage& file);
DecodedImage decode_gif(const EncodedImage& file);
DecodedImage decode_bmp(const EncodedImage& file);

// The size in a file's header: FormatError when it is empty or beyond the limit.
void check_size(const EncodedImage& file, int64_t width, int64_t height);

// A black picture of a size that was checked.
Image black_image(int64_t width, int64_t height);

}  // namespace facet::media
