#include "media/image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "media/orientation.h"
#include "media/png_writer.h"
#include "media/test_pictures.h"

namespace facet::media {
namespace {

Image decode_picture(const std::string& file, const ImageLimits& limits = {}, const std::string& name = "picture") {
  return decode_image(std::as_bytes(std::span(file)), name, limits);
}

// The message of the FormatError, after checking its form: one line that starts with the name.
std::string picture_error(const std::string& file, const ImageLimits& limits = {}) {
  try {
    decode_picture(file, limits);
  } catch (const FormatError& e) {
    const std::string message = e.what();
    EXPECT_TRUE(message.starts_with("picture: ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  return "no error";
}

void expect_picture_error(const std::string& file, const std::string& part, const ImageLimits& limits = {}) {
  EXPECT_NE(picture_error(file, limits).find(part), std::string::npos) << picture_error(file, limits);
}

void expect_pixels(const Image& image, int width, int height, const Bytes& rgb) {
  EXPECT_EQ(image.width, width);
  EXPECT_EQ(image.height, height);
  EXPECT_EQ(image.rgb, rgb);
}

// Takes n of every group of `of` samples, each of them `repeat` times.
Bytes take(const Bytes& samples, size_t n, size_t of, size_t repeat = 1) {
  Bytes out;
  for (size_t i = 0; i < samples.size(); i += of)
    for (size_t j = 0; j < n; ++j) out.insert(out.end(), repeat, samples[i + j]);
  return out;
}

std::array<int, 3> pixel(const Image& image, int x, int y) {
  const uint8_t* p = image.rgb.data() + 3 * (y * image.width + x);
  return {p[0], p[1], p[2]};
}

// JPEG at quality 100 rounds its coefficients and colours to whole numbers, a unit or two each.
void expect_near(const std::array<int, 3>& found, const std::array<int, 3>& expected, int distance = 4) {
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(found[c], expected[c], distance) << "channel " << c;
}

TEST(Png, RgbIsExact) {
  const Bytes rgb = gradient(7, 5, 3);
  expect_pixels(decode_picture(png_file({7, 5}, rgb)), 7, 5, rgb);
}

TEST(Png, InterlacedIsExact) {
  const Bytes rgb = gradient(19, 13, 3);
  expect_pixels(decode_picture(png_file({.width = 19, .height = 13, .is_interlaced = true}, rgb)), 19, 13, rgb);
}

TEST(Png, AlphaIsDroppedAndColoursStayAsTheyAre) {
  const Bytes rgba = gradient(7, 5, 4), grey_alpha = gradient(7, 5, 2);
  expect_pixels(decode_picture(png_file({.width = 7, .height = 5, .color_type = 6}, rgba)), 7, 5, take(rgba, 3, 4));
  expect_pixels(decode_picture(png_file({.width = 7, .height = 5, .color_type = 4}, grey_alpha)), 7, 5,
                take(grey_alpha, 1, 2, 3));
}

TEST(Png, GreyIsRepeated) {
  const Bytes grey = gradient(9, 4, 1);
  expect_pixels(decode_picture(png_file({.width = 9, .height = 4, .color_type = 0}, grey)), 9, 4, take(grey, 1, 1, 3));
}

TEST(Png, FewBitsCoverTheWholeRange) {
  const Bytes two_bits = {0b00011011};
  const Image image = decode_picture(png_file({.width = 4, .height = 1, .bit_depth = 2, .color_type = 0}, two_bits));
  expect_pixels(image, 4, 1, {0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255});
}

TEST(Png, Of16BitsTheHighByteStays) {
  const Bytes grey = {0x00, 0xff, 0x01, 0x00, 0x7f, 0xff, 0xff, 0x01};
  const Image image = decode_picture(png_file({.width = 4, .height = 1, .bit_depth = 16, .color_type = 0}, grey));
  expect_pixels(image, 4, 1, {0, 0, 0, 1, 1, 1, 127, 127, 127, 255, 255, 255});
  const Bytes rgba = gradient(3, 2, 8);
  Bytes expected;
  for (size_t i = 0; i < rgba.size(); i += 8) expected.insert(expected.end(), {rgba[i], rgba[i + 2], rgba[i + 4]});
  expect_pixels(decode_picture(png_file({.width = 3, .height = 2, .bit_depth = 16, .color_type = 6}, rgba)), 3, 2,
                expected);
}

TEST(Png, TransparentColoursOfAPaletteKeepTheirColour) {
  const PngSpec spec{.width = 3,
                     .height = 1,
                     .color_type = 3,
                     .palette = {10, 20, 30, 40, 50, 60, 70, 80, 90},
                     .transparency = {0, 128}};
  expect_pixels(decode_picture(png_file(spec, {2, 0, 1})), 3, 1, {70, 80, 90, 10, 20, 30, 40, 50, 60});
}

TEST(Png, ExifOrientationIsApplied) {
  const Bytes rgb = gradient(4, 2, 3);
  const std::string file = with_chunk(png_file({4, 2}, rgb), "eXIf", exif_with(6).substr(6));
  expect_pixels(decode_picture(file), 2, 4, upright({4, 2, rgb}, 6).rgb);
}

TEST(Png, OnePixelAndStrips) {
  expect_pixels(decode_picture(png_file({1, 1}, {1, 2, 3})), 1, 1, {1, 2, 3});
  const Bytes strip = gradient(1, 20000, 3);
  expect_pixels(decode_picture(png_file({1, 20000}, strip)), 1, 20000, strip);
  expect_pixels(decode_picture(png_file({20000, 1}, strip)), 20000, 1, strip);
}

TEST(Png, DamageIsAnError) {
  std::string file = png_file({7, 5}, gradient(7, 5, 3));
  for (size_t n = 8; n < file.size(); ++n) expect_picture_error(file.substr(0, n), "damaged PNG");
  file[60] ^= 1;  // the pixels' checksum tells
  expect_picture_error(file, "damaged PNG");
}

// A file that says it holds so many pixels, with the pixels of a much smaller one.
std::string boastful_png(uint32_t width, uint32_t height) {
  constexpr size_t kSignatureEnd = 8, kHeaderEnd = kSignatureEnd + 25;
  const std::string small = png_file({7, 5}, gradient(7, 5, 3));
  const std::string header =
      number_bytes(width, 4, true) + number_bytes(height, 4, true) + std::string("\x08\x02\0\0\0", 5);
  return with_chunk(small, "IHDR", header).erase(kSignatureEnd, kHeaderEnd - kSignatureEnd);
}

TEST(Png, HeadersAloneAskForNoMemory) {
  expect_pixels(decode_picture(boastful_png(7, 5)), 7, 5, gradient(7, 5, 3));
  expect_picture_error(boastful_png(20000, 20000), "at most 178000000");
  expect_picture_error(boastful_png(1'000'000, 1'000'000), "at most 178000000");
  expect_picture_error(boastful_png(13000, 13000), "cannot hold the pixels");
}

TEST(Jpeg, ColoursGreyAndProgressive) {
  Bytes rgb;
  for (int i = 0; i < 16 * 8; ++i) rgb.insert(rgb.end(), {200, 100, 50});
  for (const bool is_progressive : {false, true}) {
    const Image image = decode_picture(jpeg_file({.width = 16, .height = 8, .is_progressive = is_progressive}, rgb));
    ASSERT_EQ(image.rgb.size(), rgb.size());
    expect_near(pixel(image, 0, 0), {200, 100, 50});
    expect_near(pixel(image, 15, 7), {200, 100, 50});
  }
  const Image grey = decode_picture(jpeg_file({.width = 16, .height = 8, .n_channels = 1}, Bytes(16 * 8, 77)));
  ASSERT_EQ(grey.rgb.size(), rgb.size());
  expect_near(pixel(grey, 8, 4), {77, 77, 77});
}

// Adobe's programs write inks inverted: 255 is none.
TEST(Jpeg, CmykBecomesRgb) {
  Bytes inks;
  for (int i = 0; i < 16 * 16; ++i) inks.insert(inks.end(), {255, 127, 0, 204});
  const Image image = decode_picture(jpeg_file({.width = 16, .height = 16, .n_channels = 4}, inks));
  ASSERT_EQ(image.width, 16);
  ASSERT_EQ(image.height, 16);
  expect_near(pixel(image, 3, 3), {204, 204 * 127 / 255, 0});
}

TEST(Jpeg, ExifOrientationIsApplied) {
  Bytes rgb;
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 32; ++x)
      rgb.insert(rgb.end(), {static_cast<uint8_t>(x < 16 ? 255 : 0), static_cast<uint8_t>(y < 8 ? 255 : 0), 0});
  const Image stored{32, 16, rgb};
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const bool is_big_endian : {false, true}) {
      const Image image =
          decode_picture(jpeg_file({.width = 32, .height = 16, .exif = exif_with(orientation, is_big_endian)}, rgb));
      const Image expected = upright(stored, orientation);
      ASSERT_EQ(image.width, orientation >= 5 ? 16 : 32);
      for (const int x : {0, image.width - 1})
        for (const int y : {0, image.height - 1}) expect_near(pixel(image, x, y), pixel(expected, x, y));
    }
}

TEST(Jpeg, CutShortIsAnError) {
  for (const bool is_progressive : {false, true}) {
    const std::string file =
        jpeg_file({.width = 40, .height = 24, .is_progressive = is_progressive}, gradient(40, 24, 3));
    for (size_t n = 3; n < file.size(); ++n) expect_picture_error(file.substr(0, n), "damaged JPEG");
  }
}

// Each scan, however short, costs a pass over the picture.
TEST(Jpeg, ThousandsOfScansAreRefused) {
  std::string file = jpeg_file({.width = 40, .height = 24, .is_progressive = true}, gradient(40, 24, 3));
  const size_t scan = file.find("\xff\xda"), end = file.find("\xff\xc4", scan);  // up to the next tables
  const std::string first_scan = file.substr(scan, end - scan);
  for (int i = 0; i < 1000; ++i) file.insert(end, first_scan);
  expect_picture_error(file, "more than 64 scans");
}

TEST(Jpeg, HeadersAloneAskForNoMemory) {
  std::string file = jpeg_file({.width = 16, .height = 8}, gradient(16, 8, 3));
  const size_t size_at = file.find("\xff\xc0") + 5;
  file.replace(size_at, 4, number_bytes(13000, 2, true) + number_bytes(13000, 2, true));
  expect_picture_error(file, "cannot hold the pixels");
  file.replace(size_at, 4, number_bytes(65000, 2, true) + number_bytes(65000, 2, true));
  expect_picture_error(file, "65000 x 65000 pixels, but at most 178000000");
}

TEST(Webp, LosslessIsExactWithoutAlpha) {
  Bytes rgba = gradient(11, 6, 4);
  for (size_t i = 3; i < rgba.size(); i += 4) rgba[i] |= 1;  // the encoder clears colours that cannot be seen
  expect_pixels(decode_picture(webp_file(11, 6, rgba, true)), 11, 6, take(rgba, 3, 4));
}

TEST(Webp, LossyIsClose) {
  Bytes rgba;
  for (int i = 0; i < 16 * 16; ++i) rgba.insert(rgba.end(), {200, 100, 50, 255});
  expect_near(pixel(decode_picture(webp_file(16, 16, rgba, false)), 8, 8), {200, 100, 50}, 6);
}

TEST(Webp, OfAnAnimationTheFirstFrameOnItsCanvas) {
  Bytes rgba = gradient(4, 2, 4);
  for (size_t i = 3; i < rgba.size(); i += 4) rgba[i] = 255;
  const Image image = decode_picture(animated_webp_file(4, 2, rgba, 2, 4, 10, 9));
  Bytes expected(10 * 9 * 3);
  for (size_t y = 0; y < 2; ++y)
    for (size_t x = 0; x < 4; ++x) std::copy_n(&rgba[(y * 4 + x) * 4], 3, &expected[((y + 4) * 10 + x + 2) * 3]);
  expect_pixels(image, 10, 9, expected);
}

TEST(Webp, CutShortIsAnError) {
  Bytes rgba = gradient(40, 24, 4);
  for (size_t i = 3; i < rgba.size(); i += 4) rgba[i] = 255;
  for (const bool is_lossless : {true, false}) {
    const std::string file = webp_file(40, 24, rgba, is_lossless);
    for (size_t n = 12; n + 1 < file.size(); ++n) expect_picture_error(file.substr(0, n), "damaged WebP");
  }
}

const Bytes kPalette = {10, 20, 30, 200, 0, 0, 0, 200, 0, 0, 0, 200};

TEST(Gif, PaletteColoursAndTransparencyIgnored) {
  const GifFrame frame{.width = 2, .height = 2, .indexes = {1, 2, 3, 1}, .transparent = 1};
  expect_pixels(decode_picture(gif_file(2, 2, kPalette, {frame})), 2, 2, {200, 0, 0, 0, 200, 0, 0, 0, 200, 200, 0, 0});
}

TEST(Gif, OfAnAnimationTheFirstFrameOnItsCanvas) {
  GifFrame frame{.left = 1, .width = 1, .height = 1, .indexes = {1}};
  const GifFrame second{.width = 2, .height = 1, .indexes = {3, 3}};
  expect_pixels(decode_picture(gif_file(2, 1, kPalette, {frame, second})), 2, 1, {10, 20, 30, 200, 0, 0});
  frame.transparent = 2;  // what a frame leaves free has this colour then
  expect_pixels(decode_picture(gif_file(2, 1, kPalette, {frame, second})), 2, 1, {0, 200, 0, 200, 0, 0});
}

TEST(Gif, AFrameBeyondItsCanvasMakesItLarger) {
  const GifFrame frame{.left = 1, .top = 1, .width = 1, .height = 1, .indexes = {1}};
  expect_pixels(decode_picture(gif_file(1, 1, kPalette, {frame})), 2, 2,
                {10, 20, 30, 10, 20, 30, 10, 20, 30, 200, 0, 0});
}

TEST(Gif, InterlacedRowsComeInTheirOrder) {
  // Rows 0, 8, then 4, then 2, 6, then 1, 3, 5, 7 are stored in this order.
  const GifFrame frame{.width = 1, .height = 9, .indexes = {0, 0, 1, 2, 2, 3, 3, 3, 3}, .is_interlaced = true};
  const Image image = decode_picture(gif_file(1, 9, kPalette, {frame}));
  Bytes expected;
  for (const size_t index : {0, 3, 2, 3, 1, 3, 2, 3, 0})
    expected.insert(expected.end(), kPalette.begin() + static_cast<int64_t>(3 * index),
                    kPalette.begin() + static_cast<int64_t>(3 * index + 3));
  expect_pixels(image, 1, 9, expected);
}

TEST(Gif, CutShortIsAnError) {
  GifFrame frame{.width = 30, .height = 20, .indexes = gradient(30, 20, 1)};
  for (uint8_t& index : frame.indexes) index &= 3;
  const std::string file = gif_file(30, 20, kPalette, {frame});
  const Image whole = decode_picture(file);
  // The last bytes only say that no frame follows.
  constexpr size_t kTail = 5;
  for (size_t n = 6; n + kTail < file.size(); ++n) expect_picture_error(file.substr(0, n), "damaged GIF");
  expect_picture_error("GIF89a", "damaged GIF");
}

TEST(Gif, LimitsAreCheckedFirst) {
  std::string file = gif_file(2, 2, kPalette, {GifFrame{.width = 1, .height = 1, .indexes = {1}}});
  file.replace(6, 4, number_bytes(65535, 2) + number_bytes(65535, 2));
  expect_picture_error(file, "65535 x 65535 pixels, but at most 178000000");
}

#ifdef FACET_FFMPEG
TEST(Bmp, IsExact) {
  const Bytes rgb = gradient(5, 3, 3);
  expect_pixels(decode_picture(bmp_file(5, 3, rgb)), 5, 3, rgb);
}

TEST(Bmp, CutShortIsAnError) {
  const std::string file = bmp_file(5, 3, gradient(5, 3, 3));
  // FFmpeg takes a file of which nothing but the padding of rows is missing, a byte of each here, for one without.
  for (size_t n = 18; n + 3 < file.size(); ++n) expect_picture_error(file.substr(0, n), "damaged BMP");
}

TEST(Bmp, LimitsAreCheckedFirst) {
  std::string file = bmp_file(5, 3, gradient(5, 3, 3));
  file.replace(18, 8, number_bytes(1u << 30, 4) + number_bytes(0x80000001u, 4));
  expect_picture_error(file, "at most 178000000");
}
#else
TEST(Bmp, NeedsFfmpeg) { EXPECT_THROW(decode_picture(bmp_file(5, 3, gradient(5, 3, 3))), ResourceError); }
#endif

TEST(DecodeImage, ContentDecidesWhateverTheName) {
  const Bytes rgb = gradient(7, 5, 3);
  expect_pixels(decode_picture(png_file({7, 5}, rgb), {}, "photo.jpg"), 7, 5, rgb);
}

TEST(DecodeImage, LimitsAreTheCallers) {
  const std::string file = png_file({7, 5}, gradient(7, 5, 3));
  EXPECT_NO_THROW(decode_picture(file, {.max_pixels = 35}));
  expect_picture_error(file, "a PNG of 7 x 5 pixels, but at most 34 are decoded", {.max_pixels = 34});
}

TEST(DecodeImage, SaysWhatElseAFileIs) {
  expect_picture_error("", "empty");
  expect_picture_error("%PDF-1.7", "a PDF document, expected a picture");
  expect_picture_error(std::string("\0\0\0\x20"
                                   "ftypheic",
                                   12),
                       "a HEIC picture, expected");
  expect_picture_error(std::string("RIFF\0\0\0\0WAVEfmt ", 16), "a WAV sound, expected a picture");
  expect_picture_error(
      "hello", "unknown format (it starts with 68 65 6c 6c 6f), expected a picture: PNG, JPEG, WebP, GIF or BMP");
}

TEST(EncodePng, IsReadBackAsItWas) {
  Image image{5, 3, {}};
  for (int i = 0; i < 45; ++i) image.rgb.push_back(static_cast<uint8_t>(i * 37));
  const std::string file = encode_png(image);
  const Image again = decode_image(std::as_bytes(std::span(file)), "again");
  EXPECT_EQ(again.width, 5);
  EXPECT_EQ(again.height, 3);
  EXPECT_EQ(again.rgb, image.rgb);
}

TEST(Upright, GathersAsExifCounts) {
  // 0 1 2
  // 3 4 5
  Image stored{3, 2, {}};
  for (uint8_t i = 0; i < 6; ++i) stored.rgb.insert(stored.rgb.end(), 3, i);
  const std::vector<std::vector<uint8_t>> expected = {{0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0},
                                                      {3, 4, 5, 0, 1, 2}, {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2},
                                                      {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image image = upright(stored, orientation);
    EXPECT_EQ(image.width, orientation >= 5 ? 2 : 3);
    EXPECT_EQ(take(image.rgb, 1, 3), expected[static_cast<size_t>(orientation - 1)]) << "orientation " << orientation;
  }
}

TEST(ExifOrientation, WhatMakesNoSenseIsUpright) {
  const auto orientation_of = [](const std::string& exif) { return exif_orientation(std::as_bytes(std::span(exif))); };
  EXPECT_EQ(orientation_of(exif_with(8)), 8);
  EXPECT_EQ(orientation_of(exif_with(0)), 1);
  EXPECT_EQ(orientation_of(exif_with(9)), 1);
  EXPECT_EQ(orientation_of(""), 1);
  const std::string exif = exif_with(8);
  EXPECT_EQ(orientation_of(exif.substr(0, 30)), 1);
}

}  // namespace
}  // namespace facet::media
