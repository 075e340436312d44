#include "media/image.h"

#include <utility>

#include "base/error.h"
#include "media/codecs.h"
#include "media/file_type.h"
#include "media/orientation.h"

namespace facet::media {
namespace {

using Decoder = DecodedImage (*)(const EncodedImage&);

Decoder decoder_of(FileType type) {
  switch (type) {
    case FileType::kPng:
      return decode_png;
    case FileType::kJpeg:
      return decode_jpeg;
    case FileType::kWebp:
      return decode_webp;
    case FileType::kGif:
      return decode_gif;
    case FileType::kBmp:
      return decode_bmp;
    default:
      return nullptr;
  }
}

}  // namespace

void check_size(const EncodedImage& file, int64_t width, int64_t height) {
  if (width <= 0 || height <= 0)
    throw_error<FormatError>("{}: a {} of {} x {} pixels, which is no picture", file.name, file.format, width, height);
  if (height > file.max_pixels / width)
    throw_error<FormatError>("{}: a {} of {} x {} pixels, but at most {} are decoded: make the picture smaller",
                             file.name, file.format, width, height, file.max_pixels);
}

Image black_image(int64_t width, int64_t height) {
  return {static_cast<int>(width), static_cast<int>(height),
          std::vector<uint8_t>(static_cast<size_t>(width * height * 3))};
}

Image decode_image(std::span<const std::byte> bytes, const std::string& name, const ImageLimits& limits) {
  if (bytes.empty()) throw_error<FormatError>("{}: empty, expected a picture", name);
  const FileDescription file = describe_file(bytes);
  const Decoder decode = decoder_of(file.type);
  if (decode == nullptr)
    throw_error<FormatError>("{}: {}, expected a picture: PNG, JPEG, WebP, GIF or BMP", name, file.name);
  DecodedImage decoded = decode({bytes, name, file.name, limits.max_pixels});
  return upright(std::move(decoded.image), decoded.orientation);
}

}  // namespace facet::media
