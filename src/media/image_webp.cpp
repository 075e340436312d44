// WebP through libwebp: still pictures, lossy and lossless, and the first frame of an animation.
#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "base/error.h"
#include "media/codecs.h"
#include "media/orientation.h"

namespace facet::media {
namespace {

int webp_orientation(WebPDemuxer* demuxer) {
  WebPChunkIterator chunk{};
  int orientation = 1;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk))
    orientation = exif_orientation(std::as_bytes(std::span(chunk.chunk.bytes, chunk.chunk.size)));
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

// Into its place on the canvas: frames of animations are often smaller.
bool decode_frame(const WebPIterator& frame, Image& canvas) {
  if (frame.x_offset < 0 || frame.y_offset < 0 || frame.width > canvas.width - frame.x_offset ||
      frame.height > canvas.height - frame.y_offset)
    return false;
  const size_t stride = static_cast<size_t>(canvas.width) * 3;
  const size_t first = static_cast<size_t>(frame.y_offset) * stride + static_cast<size_t>(frame.x_offset) * 3;
  return WebPDecodeRGBInto(frame.fragment.bytes, frame.fragment.size, canvas.rgb.data() + first,
                           canvas.rgb.size() - first, static_cast<int>(stride)) != nullptr;
}

}  // namespace

DecodedImage decode_webp(const EncodedImage& file) {
  const WebPData data{reinterpret_cast<const uint8_t*>(file.bytes.data()), file.bytes.size()};
  const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> demuxer(WebPDemux(&data), WebPDemuxDelete);
  if (demuxer == nullptr) throw_error<FormatError>("{}: damaged WebP: not whole, or not one at all", file.name);
  const int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  check_size(file, width, height);

  DecodedImage out{black_image(width, height), webp_orientation(demuxer.get())};
  WebPIterator frame{};
  const bool is_decoded = WebPDemuxGetFrame(demuxer.get(), 1, &frame) && decode_frame(frame, out.image);
  WebPDemuxReleaseIterator(&frame);
  if (!is_decoded) throw_error<FormatError>("{}: damaged WebP: its pixels cannot be decoded", file.name);
  return out;
}

}  // namespace facet::media
