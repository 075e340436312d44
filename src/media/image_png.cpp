// PNG through libpng: any depth and colour type to 8-bit RGB.
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "media/codecs.h"
#include "media/orientation.h"

namespace facet::media {
namespace {

// Its content stands after a length of 4 bytes and this name; a checksum of 4 bytes follows. Found here and not by
// libpng, whose versions differ in where they accept the chunk.
std::span<const std::byte> find_chunk(std::span<const std::byte> bytes, std::string_view wanted) {
  constexpr size_t kSignatureBytes = 8, kFrameBytes = 12;
  for (size_t at = kSignatureBytes; at + kFrameBytes <= bytes.size();) {
    const auto* p = reinterpret_cast<const unsigned char*>(bytes.data()) + at;
    const size_t n = size_t{p[0]} << 24 | size_t{p[1]} << 16 | size_t{p[2]} << 8 | size_t{p[3]};
    if (n > bytes.size() - at - kFrameBytes) break;
    if (std::memcmp(p + 4, wanted.data(), 4) == 0) return bytes.subspan(at + 8, n);
    at += kFrameBytes + n;
  }
  return {};
}

class PngReader {
 public:
  explicit PngReader(const EncodedImage& file) : file_(file), rest_(file.bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw_error<ShortageError>("{}: no memory to read a PNG", file_.name);
    }
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Image read() {
    if (!read_header()) fail();
    const int64_t width = png_get_image_width(png_, info_), height = png_get_image_height(png_, info_);
    check_size(file_, width, height);
    check_enough_bytes(height);
    image_ = black_image(width, height);
    if (!read_pixels()) fail();
    return std::move(image_);
  }

 private:
  // libpng leaves by longjmp, so no frame between these two functions and on_error holds an object with a destructor.
  bool read_header() {
    if (setjmp(escape_)) return false;
    // Everything but pixels, palette and transparency is skipped, compressed texts and profiles above all.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // check_size has the limit
    png_set_read_fn(png_, this, on_read);
    png_read_info(png_, info_);
    return true;
  }

  bool read_pixels() {
    if (setjmp(escape_)) return false;
    png_set_strip_16(png_);
    png_set_expand(png_);
    png_set_strip_alpha(png_);
    png_set_gray_to_rgb(png_);
    const int n_passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != static_cast<size_t>(image_.width) * 3)
      png_error(png_, "rows of another length");
    const int64_t row_bytes = int64_t{image_.width} * 3;
    for (int pass = 0; pass < n_passes; ++pass)
      for (int y = 0; y < image_.height; ++y) png_read_row(png_, image_.rgb.data() + y * row_bytes, nullptr);
    png_read_end(png_, nullptr);
    return true;
  }

  // Deflate makes at most 1032 bytes of one, so a small file of a huge picture is cut short: no memory need be asked
  // for.
  void check_enough_bytes(int64_t height) const {
    const auto row_bytes = static_cast<int64_t>(png_get_rowbytes(png_, info_));
    if (row_bytes * height / 1032 > static_cast<int64_t>(file_.bytes.size()))
      throw_error<FormatError>("{}: damaged PNG: {} bytes cannot hold the pixels that its header announces", file_.name,
                               file_.bytes.size());
  }

  [[noreturn]] void fail() const { throw_error<FormatError>("{}: damaged PNG: {}", file_.name, message_); }

  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self->message_, message, sizeof self->message_ - 1);
    std::longjmp(self->escape_, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep out, size_t n) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (n > self->rest_.size()) png_error(png, "the file ends too early");
    std::memcpy(out, self->rest_.data(), n);
    self->rest_ = self->rest_.subspan(n);
  }

  const EncodedImage& file_;
  std::span<const std::byte> rest_;  // not read yet
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf escape_;
  char message_[200] = "";
  Image image_;
};

}  // namespace

DecodedImage decode_png(const EncodedImage& file) {
  return {PngReader(file).read(), exif_orientation(find_chunk(file.bytes, "eXIf"))};
}

}  // namespace facet::media
