#include "media/png_writer.h"

#include <png.h>

#include "base/error.h"

namespace facet::media {

std::string encode_png(const Image& image) {
  png_image how{};
  how.version = PNG_IMAGE_VERSION;
  how.width = static_cast<png_uint_32>(image.width);
  how.height = static_cast<png_uint_32>(image.height);
  how.format = PNG_FORMAT_RGB;
  how.flags = PNG_IMAGE_FLAG_FAST;
  png_alloc_size_t n_bytes = PNG_IMAGE_PNG_SIZE_MAX(how);
  std::string file(n_bytes, '\0');
  if (png_image_write_to_memory(&how, file.data(), &n_bytes, 0, image.rgb.data(), 0, nullptr) == 0)
    throw_error<ResourceError>("a picture of {} x {} pixels: no PNG can be made of it: {}", image.width, image.height,
                               how.message);
  file.resize(n_bytes);
  return file;
}

}  // namespace facet::media
