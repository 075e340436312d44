// The few things of FFmpeg's libraries that decoders of pictures, sound and video share: owners of its objects, and
// frames as RGB. Part of a build with FACET_FFMPEG alone.
#pragma once

#ifdef FACET_FFMPEG
#include <memory>

#include "media/ffmpeg_library.h"
#include "media/image.h"

namespace facet::media {

struct AvDeleter {
  void operator()(AVFrame* p) const noexcept { ffmpeg().av_frame_free(&p); }
  void operator()(AVPacket* p) const noexcept { ffmpeg().av_packet_free(&p); }
  void operator()(AVCodecContext* p) const noexcept { ffmpeg().avcodec_free_context(&p); }
  void operator()(AVFormatContext* p) const noexcept { ffmpeg().avformat_close_input(&p); }
  void operator()(AVIOContext* p) const noexcept {
    ffmpeg().av_freep(&p->buffer);  // not necessarily the one it was made with
    ffmpeg().avio_context_free(&p);
  }
  void operator()(SwsContext* p) const noexcept { ffmpeg().sws_freeContext(p); }
};
template <class T>
using AvPtr = std::unique_ptr<T, AvDeleter>;

AvPtr<AVFrame> new_frame();  // std::bad_alloc when there is no memory
AvPtr<AVPacket> new_packet();

// "Invalid data found when processing input"
std::string av_error_text(int error);

// A decoder of one stream, of pixels or samples, opened; with as many threads as there are cores if n_threads is 0.
// FormatError when this FFmpeg has none for it.
AvPtr<AVCodecContext> open_decoder(const AVCodecParameters& parameters, const std::string& name, int64_t max_pixels,
                                   int n_threads = 0);

// Converts frames of video to RGB, in the colours that each frame names; keeps its tables between frames of one format.
class RgbConverter {
 public:
  // FormatError when FFmpeg cannot convert the pixel format. name: for messages.
  Image convert(const AVFrame& frame, const std::string& name);

 private:
  AvPtr<SwsContext> context_;
};

}  // namespace facet::media
#endif
