// JPEG through libjpeg: the slow integer transform and smooth ("fancy") chroma, so that pixels equal those of other
// programs that use it.
#include <cstdio>  // before jpeglib.h, which needs it

#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "media/codecs.h"
#include "media/orientation.h"

namespace facet::media {
namespace {

// Far more than any encoder writes: a hostile file can make every scan of a few bytes cost a pass over the picture.
constexpr int kMaxScans = 64;

// Warnings of libjpeg after which pixels are made up.
bool is_damage(int warning) noexcept {
  return warning == JWRN_JPEG_EOF || warning == JWRN_HIT_MARKER || warning == JWRN_HUFF_BAD_CODE ||
         warning == JWRN_MUST_RESYNC;
}

uint8_t times_255th(int a, int b) noexcept {  // a * b / 255, rounded
  const int t = a * b + 128;
  return static_cast<uint8_t>((t + (t >> 8)) >> 8);
}

// Four inks to RGB. Files hold them inverted, 255 for none, as Adobe's programs write them.
void row_to_rgb(const uint8_t* inks, int width, uint8_t* rgb) noexcept {
  for (int x = 0; x < width; ++x, inks += 4, rgb += 3)
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<uint8_t>(inks[3] - times_255th(255 - inks[c], inks[3]));
}

class JpegReader {
 public:
  explicit JpegReader(const EncodedImage& file) : file_(file) {}
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  DecodedImage read() {
    if (!read_header()) fail();
    check_size(file_, jpeg_.image_width, jpeg_.image_height);
    check_enough_bytes();
    const int orientation = read_orientation();  // now: its marker goes when the pixels are read
    image_ = black_image(jpeg_.image_width, jpeg_.image_height);
    const bool has_inks = jpeg_.num_components == 4;
    jpeg_.out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
    if (has_inks) inks_.resize(static_cast<size_t>(image_.width) * 4);
    if (!read_pixels()) fail();
    return {std::move(image_), orientation};
  }

 private:
  // libjpeg leaves by longjmp, so no frame between these two functions and on_error holds an object with a destructor.
  bool read_header() {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    errors_.output_message = [](j_common_ptr) {};
    jpeg_.client_data = this;
    if (setjmp(escape_)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(file_.bytes.data()),
                 static_cast<unsigned long>(file_.bytes.size()));
    jpeg_save_markers(&jpeg_, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  bool read_pixels() {
    if (setjmp(escape_)) return false;
    progress_.progress_monitor = on_progress;
    jpeg_.progress = &progress_;
    jpeg_.dct_method = JDCT_ISLOW;
    jpeg_.do_fancy_upsampling = TRUE;
    jpeg_start_decompress(&jpeg_);
    const int64_t row_bytes = int64_t{image_.width} * 3;
    while (jpeg_.output_scanline < jpeg_.output_height) {
      uint8_t* row = image_.rgb.data() + jpeg_.output_scanline * row_bytes;
      JSAMPROW out = inks_.empty() ? row : inks_.data();
      jpeg_read_scanlines(&jpeg_, &out, 1);
      if (!inks_.empty()) row_to_rgb(inks_.data(), image_.width, row);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  // Huffman codes take a bit at least, and each 8 x 8 block of the finest component has one in every scan: no memory
  // need be asked for what cannot be there.
  void check_enough_bytes() const {
    const int64_t n_blocks = int64_t{jpeg_.image_width} * jpeg_.image_height / 64;
    if (!jpeg_.arith_code && !jpeg_.progressive_mode && n_blocks / 8 > static_cast<int64_t>(file_.bytes.size()))
      throw_error<FormatError>("{}: damaged JPEG: {} bytes cannot hold the pixels that its header announces",
                               file_.name, file_.bytes.size());
  }

  int read_orientation() const {
    constexpr std::string_view kExif("Exif\0\0", 6);
    for (const auto* marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
      const std::span<const std::byte> data(reinterpret_cast<const std::byte*>(marker->data), marker->data_length);
      if (data.size() >= kExif.size() && std::memcmp(data.data(), kExif.data(), kExif.size()) == 0)
        return exif_orientation(data);
    }
    return 1;
  }

  [[noreturn]] void fail() const { throw_error<FormatError>("{}: damaged JPEG: {}", file_.name, message_); }

  [[noreturn]] static void on_error(j_common_ptr jpeg) {
    auto* self = static_cast<JpegReader*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, self->message_);
    std::longjmp(self->escape_, 1);
  }
  static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && is_damage(jpeg->err->msg_code)) on_error(jpeg);
  }
  static void on_progress(j_common_ptr jpeg) {
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMaxScans) return;
    auto* self = static_cast<JpegReader*>(jpeg->client_data);
    std::snprintf(self->message_, sizeof self->message_, "more than %d scans", kMaxScans);
    std::longjmp(self->escape_, 1);
  }

  const EncodedImage& file_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf escape_;
  char message_[JMSG_LENGTH_MAX] = "";
  Image image_;
  std::vector<uint8_t> inks_;  // a row, where the picture has four of them
};

}  // namespace

DecodedImage decode_jpeg(const EncodedImage& file) { return JpegReader(file).read(); }

}  // namespace facet::media
