// GIF through giflib: the first frame on its canvas.
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "media/codecs.h"

namespace facet::media {
namespace {

struct GifCloser {
  void operator()(GifFileType* gif) const {
    int error = 0;
    DGifCloseFile(gif, &error);
  }
};
using GifFile = std::unique_ptr<GifFileType, GifCloser>;

[[noreturn]] void fail_gif(const EncodedImage& file, int error) {
  const char* message = GifErrorString(error);
  throw_error<FormatError>("{}: damaged GIF: {}", file.name, message != nullptr ? message : "no picture in it");
}

int read_bytes(GifFileType* gif, GifByteType* out, int n) {
  auto& rest = *static_cast<std::span<const std::byte>*>(gif->UserData);
  const size_t n_read = std::min(rest.size(), static_cast<size_t>(std::max(n, 0)));
  if (n_read > 0) std::memcpy(out, rest.data(), n_read);
  rest = rest.subspan(n_read);
  return static_cast<int>(n_read);
}

// Reads an extension; the index of the transparent colour if it names one, else what was known before.
int read_extension(const EncodedImage& file, GifFileType* gif, int transparent) {
  int code = 0;
  GifByteType* block = nullptr;  // its length, then so many bytes
  if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) fail_gif(file, gif->Error);
  while (block != nullptr) {
    GraphicsControlBlock control{};
    if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
      transparent = control.TransparentColor;
    if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) fail_gif(file, gif->Error);
  }
  return transparent;
}

// Reads on to the first frame: gif->Image says where it stands. The index of the transparent colour, or -1.
int find_frame(const EncodedImage& file, GifFileType* gif) {
  int transparent = NO_TRANSPARENT_COLOR;
  for (;;) {
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(gif, &type) == GIF_ERROR) fail_gif(file, gif->Error);
    if (type == IMAGE_DESC_RECORD_TYPE) break;
    if (type != EXTENSION_RECORD_TYPE) fail_gif(file, D_GIF_ERR_NO_IMAG_DSCR);
    transparent = read_extension(file, gif, transparent);
  }
  if (DGifGetImageDesc(gif) == GIF_ERROR) fail_gif(file, gif->Error);
  return transparent;
}

using Palette = std::array<std::array<uint8_t, 3>, 256>;

// The frame's own colours or else the file's, then black. A file without any is grey.
Palette palette_of(const GifFileType& gif) {
  Palette palette{};
  const ColorMapObject* map = gif.Image.ColorMap != nullptr ? gif.Image.ColorMap : gif.SColorMap;
  for (int i = 0; i < 256; ++i) {
    auto& colour = palette[static_cast<size_t>(i)];
    if (map == nullptr) {
      colour.fill(static_cast<uint8_t>(i));
    } else if (i < map->ColorCount) {
      colour = {map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue};
    }
  }
  return palette;
}

class FrameReader {
 public:
  FrameReader(const EncodedImage& file, GifFileType* gif, Image& canvas)
      : file_(file), gif_(gif), canvas_(canvas), palette_(palette_of(*gif)) {
    line_.resize(static_cast<size_t>(gif->Image.Width));
  }

  void fill(int colour) {
    const auto& rgb = palette_[static_cast<size_t>(colour)];
    for (size_t i = 0; i < canvas_.rgb.size(); i += 3)
      std::copy(rgb.begin(), rgb.end(), canvas_.rgb.begin() + static_cast<int64_t>(i));
  }

  void read() {
    if (!gif_->Image.Interlace) {
      read_rows(0, 1);
      return;
    }
    read_rows(0, 8);
    read_rows(4, 8);
    read_rows(2, 4);
    read_rows(1, 2);
  }

 private:
  void read_rows(int first, int step) {
    for (int y = first; y < gif_->Image.Height; y += step) {
      if (DGifGetLine(gif_, line_.data(), gif_->Image.Width) == GIF_ERROR) fail_gif(file_, gif_->Error);
      const int64_t pixel = int64_t{gif_->Image.Top + y} * canvas_.width + gif_->Image.Left;
      auto out = canvas_.rgb.begin() + 3 * pixel;
      for (const GifPixelType colour : line_) out = std::copy(palette_[colour].begin(), palette_[colour].end(), out);
    }
  }

  const EncodedImage& file_;
  GifFileType* gif_;
  Image& canvas_;
  Palette palette_;
  std::vector<GifPixelType> line_;
};

}  // namespace

DecodedImage decode_gif(const EncodedImage& file) {
  std::span<const std::byte> rest = file.bytes;
  int error = 0;
  const GifFile gif(DGifOpen(&rest, read_bytes, &error));
  if (gif == nullptr) fail_gif(file, error);
  const int transparent = find_frame(file, gif.get());
  const GifImageDesc& frame = gif->Image;
  if (frame.Left < 0 || frame.Top < 0) fail_gif(file, D_GIF_ERR_NO_IMAG_DSCR);
  check_size(file, frame.Width, frame.Height);
  // A frame that does not fit on its canvas makes it larger.
  const int64_t width = std::max<int64_t>(gif->SWidth, int64_t{frame.Left} + frame.Width);
  const int64_t height = std::max<int64_t>(gif->SHeight, int64_t{frame.Top} + frame.Height);
  check_size(file, width, height);

  DecodedImage out{black_image(width, height)};
  FrameReader reader(file, gif.get(), out.image);
  // What the frame leaves free has its transparent colour, or else the first one.
  if (frame.Width < width || frame.Height < height) reader.fill(std::max(transparent, 0));
  reader.read();
  return out;
}

}  // namespace facet::media
