// Small picture files for tests, made by the codecs' own encoders or by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace facet::media {

using Bytes = std::vector<uint8_t>;

// The numbers of a picture's samples: a different one for every place and channel.
Bytes gradient(int width, int height, int n_channels);

struct PngSpec {
  int width = 0, height = 0;
  int bit_depth = 8, color_type = 2;  // as in the header: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
  bool is_interlaced = false;
  Bytes palette = {};       // RGB each
  Bytes transparency = {};  // an alpha for each colour of the palette
};
std::string png_file(const PngSpec& spec, const Bytes& samples);  // rows as PNG has them, 16 bits big-endian
// The chunk goes behind the header, its checksum with it.
std::string with_chunk(const std::string& png, const std::string& name, const std::string& content);

struct JpegSpec {
  int width = 0, height = 0;
  int n_channels = 3;  // 1 grey, 3 RGB, 4 CMYK
  bool is_progressive = false;
  int quality = 100;
  std::string exif = {};
};
std::string jpeg_file(const JpegSpec& spec, const Bytes& samples);

std::string webp_file(int width, int height, const Bytes& rgba, bool is_lossless);
// One frame at (x, y), which must be even, on a canvas; then one more, all white.
std::string animated_webp_file(int width, int height, const Bytes& rgba, int x, int y, int canvas_width,
                               int canvas_height);

struct GifFrame {
  int left = 0, top = 0, width = 0, height = 0;
  Bytes indexes = {};
  int transparent = -1;
  bool is_interlaced = false;
};
std::string gif_file(int canvas_width, int canvas_height, const Bytes& palette, const std::vector<GifFrame>& frames);

std::string bmp_file(int width, int height, const Bytes& rgb);

// EXIF data with that orientation, in the byte order of Intel or Motorola.
std::string exif_with(int orientation, bool is_big_endian = false);

std::string number_bytes(uint32_t value, int n_bytes, bool is_big_endian = false);

}  // namespace facet::media
