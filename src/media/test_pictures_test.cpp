// The encoders of test_pictures.h.
#include "media/test_pictures.h"

#include <cstdio>  // before jpeglib.h, which needs it

#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

#include <cstdlib>
#include <stdexcept>

namespace facet::media {

std::string number_bytes(uint32_t value, int n_bytes, bool is_big_endian) {
  std::string bytes;
  for (int i = 0; i < n_bytes; ++i) bytes += static_cast<char>(value >> 8 * (is_big_endian ? n_bytes - 1 - i : i));
  return bytes;
}

Bytes gradient(int width, int height, int n_channels) {
  Bytes samples;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < n_channels; ++c) samples.push_back(static_cast<uint8_t>(x * 5 + y * 11 + c * 71));
  return samples;
}

std::string png_file(const PngSpec& spec, const Bytes& samples) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto append = [](png_structp p, png_bytep bytes, size_t n) {
    static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<const char*>(bytes), n);
  };
  png_set_write_fn(png, &file, append, nullptr);
  png_set_IHDR(png, info, static_cast<uint32_t>(spec.width), static_cast<uint32_t>(spec.height), spec.bit_depth,
               spec.color_type, spec.is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
  std::vector<png_color> palette;
  for (size_t i = 0; i < spec.palette.size(); i += 3)
    palette.push_back({spec.palette[i], spec.palette[i + 1], spec.palette[i + 2]});
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  if (!spec.transparency.empty())
    png_set_tRNS(png, info, spec.transparency.data(), static_cast<int>(spec.transparency.size()), nullptr);
  std::vector<png_bytep> rows;
  const size_t row_bytes = samples.size() / static_cast<size_t>(spec.height);
  for (int y = 0; y < spec.height; ++y)
    rows.push_back(const_cast<png_bytep>(samples.data() + static_cast<size_t>(y) * row_bytes));
  png_write_info(png, info);
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

std::string with_chunk(const std::string& png, const std::string& name, const std::string& content) {
  constexpr size_t kHeaderEnd = 8 + 25;  // signature, IHDR
  const std::string body = name + content;
  uint32_t crc = ~0u;
  for (const char c : body) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  return png.substr(0, kHeaderEnd) + number_bytes(static_cast<uint32_t>(content.size()), 4, true) + body +
         number_bytes(~crc, 4, true) + png.substr(kHeaderEnd);
}

std::string jpeg_file(const JpegSpec& spec, const Bytes& samples) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* out = nullptr;
  unsigned long out_bytes = 0;
  jpeg_mem_dest(&jpeg, &out, &out_bytes);
  jpeg.image_width = static_cast<JDIMENSION>(spec.width);
  jpeg.image_height = static_cast<JDIMENSION>(spec.height);
  jpeg.input_components = spec.n_channels;
  jpeg.in_color_space = spec.n_channels == 1 ? JCS_GRAYSCALE : spec.n_channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  if (spec.n_channels == 4) jpeg_set_colorspace(&jpeg, JCS_YCCK);
  jpeg_set_quality(&jpeg, spec.quality, TRUE);
  for (int c = 0; c < jpeg.num_components; ++c) jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = 1;
  if (spec.is_progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  if (!spec.exif.empty())
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(spec.exif.data()),
                      static_cast<unsigned>(spec.exif.size()));
  const size_t row_bytes = static_cast<size_t>(spec.width) * static_cast<size_t>(spec.n_channels);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(samples.data() + jpeg.next_scanline * row_bytes);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  const std::string file(reinterpret_cast<char*>(out), out_bytes);
  std::free(out);
  return file;
}

std::string webp_file(int width, int height, const Bytes& rgba, bool is_lossless) {
  uint8_t* out = nullptr;
  const size_t n = is_lossless ? WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &out)
                               : WebPEncodeRGBA(rgba.data(), width, height, width * 4, 95, &out);
  if (n == 0) throw std::runtime_error("WebP encoder");
  const std::string file(reinterpret_cast<char*>(out), n);
  WebPFree(out);
  return file;
}

namespace {

std::string riff_chunk(const std::string& name, const std::string& content) {
  return name + number_bytes(static_cast<uint32_t>(content.size()), 4) + content +
         std::string(content.size() % 2, '\0');
}

std::string webp_frame(int width, int height, const Bytes& rgba, int x, int y) {
  const auto n = [](int value) { return number_bytes(static_cast<uint32_t>(value), 3); };
  constexpr size_t kRiffBytes = 12;
  const std::string header = n(x / 2) + n(y / 2) + n(width - 1) + n(height - 1) + n(100) + '\0';
  return riff_chunk("ANMF", header + webp_file(width, height, rgba, true).substr(kRiffBytes));
}

}  // namespace

std::string animated_webp_file(int width, int height, const Bytes& rgba, int x, int y, int canvas_width,
                               int canvas_height) {
  constexpr uint32_t kHasAnimation = 2, kHasAlpha = 16;
  const std::string header = number_bytes(kHasAnimation | kHasAlpha, 4) +
                             number_bytes(static_cast<uint32_t>(canvas_width - 1), 3) +
                             number_bytes(static_cast<uint32_t>(canvas_height - 1), 3);
  const std::string chunks = "WEBP" + riff_chunk("VP8X", header) + riff_chunk("ANIM", std::string(6, '\x77')) +
                             webp_frame(width, height, rgba, x, y) +
                             webp_frame(width, height, Bytes(rgba.size(), 255), x, y);
  return riff_chunk("RIFF", chunks);
}

std::string gif_file(int canvas_width, int canvas_height, const Bytes& palette, const std::vector<GifFrame>& frames) {
  std::string file;
  const auto append = [](GifFileType* gif, const GifByteType* bytes, int n) {
    static_cast<std::string*>(gif->UserData)->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
    return n;
  };
  int error = 0;
  GifFileType* gif = EGifOpen(&file, append, &error);
  EGifSetGifVersion(gif, true);
  ColorMapObject* map = GifMakeMapObject(static_cast<int>(palette.size() / 3), nullptr);
  for (int i = 0; i < map->ColorCount; ++i) {
    const uint8_t* c = palette.data() + 3 * i;
    map->Colors[i] = {c[0], c[1], c[2]};
  }
  EGifPutScreenDesc(gif, canvas_width, canvas_height, 8, 0, map);
  for (const GifFrame& frame : frames) {
    const GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, 5, frame.transparent};
    GifByteType block[4];
    EGifGCBToExtension(&control, block);
    EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof block, block);
    EGifPutImageDesc(gif, frame.left, frame.top, frame.width, frame.height, frame.is_interlaced, nullptr);
    Bytes indexes = frame.indexes;
    for (int y = 0; y < frame.height; ++y) EGifPutLine(gif, indexes.data() + y * frame.width, frame.width);
  }
  EGifCloseFile(gif, &error);
  GifFreeMapObject(map);
  return file;
}

std::string bmp_file(int width, int height, const Bytes& rgb) {
  const int row_bytes = (width * 3 + 3) / 4 * 4;
  const auto n = [](int value, int n_bytes = 4) { return number_bytes(static_cast<uint32_t>(value), n_bytes); };
  std::string file = "BM" + n(54 + row_bytes * height) + n(0) + n(54) + n(40) + n(width) + n(height) + n(1, 2) +
                     n(24, 2) + n(0) + n(row_bytes * height) + n(2835) + n(2835) + n(0) + n(0);
  for (int y = height - 1; y >= 0; --y) {
    for (int x = 0; x < width; ++x)
      for (int c = 2; c >= 0; --c) file += static_cast<char>(rgb[static_cast<size_t>((y * width + x) * 3 + c)]);
    file.append(static_cast<size_t>(row_bytes - width * 3), '\0');
  }
  return file;
}

std::string exif_with(int orientation, bool is_big_endian) {
  const auto n = [=](uint32_t value, int n_bytes) { return number_bytes(value, n_bytes, is_big_endian); };
  std::string exif("Exif\0\0", 6);
  exif += is_big_endian ? "MM" : "II";
  exif += n(42, 2) + n(8, 4) + n(2, 2);
  exif += n(0x0100, 2) + n(4, 2) + n(1, 4) + n(77, 4);  // another entry before it: the width
  exif += n(0x0112, 2) + n(3, 2) + n(1, 4) + n(static_cast<uint32_t>(orientation), 2) + n(0, 2) + n(0, 4);
  return exif;
}

}  // namespace facet::media
