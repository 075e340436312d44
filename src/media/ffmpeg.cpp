#include "media/ffmpeg.h"

#ifdef FACET_FFMPEG
#include <new>

#include "base/error.h"

namespace facet::media {
namespace {

// The formats yuvj* are those without the j, with all of 0..255 in use; to name them so keeps FFmpeg from complaining.
AVPixelFormat without_range(AVPixelFormat format) noexcept {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    default:
      return format;
  }
}

void set_colours(SwsContext* context, const AVFrame& frame, bool is_full_range) {
  const int* from =
      ffmpeg().sws_getCoefficients(frame.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : frame.colorspace);
  constexpr int kOne = 1 << 16;
  ffmpeg().sws_setColorspaceDetails(context, from, is_full_range, ffmpeg().sws_getCoefficients(SWS_CS_DEFAULT), 1, 0,
                                    kOne, kOne);
}

}  // namespace

AvPtr<AVFrame> new_frame() {
  AvPtr<AVFrame> frame(ffmpeg().av_frame_alloc());
  if (frame == nullptr) throw std::bad_alloc();
  return frame;
}

AvPtr<AVPacket> new_packet() {
  AvPtr<AVPacket> packet(ffmpeg().av_packet_alloc());
  if (packet == nullptr) throw std::bad_alloc();
  return packet;
}

std::string av_error_text(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  ffmpeg().av_strerror(error, text, sizeof text);
  return text;
}

AvPtr<AVCodecContext> open_decoder(const AVCodecParameters& parameters, const std::string& name, int64_t max_pixels,
                                   int n_threads) {
  const AVCodec* codec = ffmpeg().avcodec_find_decoder(parameters.codec_id);
  if (codec == nullptr)
    throw_error<FormatError>(
        "{}: this build of FFmpeg has no decoder for {}: convert the file, or install an FFmpeg that has", name,
        ffmpeg().avcodec_get_name(parameters.codec_id));
  AvPtr<AVCodecContext> context(ffmpeg().avcodec_alloc_context3(codec));
  if (context == nullptr) throw std::bad_alloc();
  // FFmpeg counts the pixels of rows rounded up to its vectors.
  constexpr int64_t kPadding = 64 * 65536;
  context->max_pixels = max_pixels + kPadding;
  context->thread_count = n_threads;
  int error = ffmpeg().avcodec_parameters_to_context(context.get(), &parameters);
  if (error >= 0) error = ffmpeg().avcodec_open2(context.get(), codec, nullptr);
  if (error < 0) throw_error<FormatError>("{}: cannot decode {}: {}", name, codec->name, av_error_text(error));
  return context;
}

Image RgbConverter::convert(const AVFrame& frame, const std::string& name) {
  const auto coded = static_cast<AVPixelFormat>(frame.format);
  const AVPixelFormat format = without_range(coded);
  context_.reset(ffmpeg().sws_getCachedContext(
      context_.release(), frame.width, frame.height, format, frame.width, frame.height, AV_PIX_FMT_RGB24,
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT, nullptr, nullptr,
      nullptr));
  const char* format_name = ffmpeg().av_get_pix_fmt_name(coded);
  if (context_ == nullptr)
    throw_error<FormatError>("{}: pixels of the format {} cannot be converted", name, format_name ? format_name : "?");
  set_colours(context_.get(), frame, format != coded || frame.color_range == AVCOL_RANGE_JPEG);
  // Rows for FFmpeg start at multiples of its vectors, and its last ones may be written beyond their end.
  const AvPtr<AVFrame> rgb = new_frame();
  rgb->format = AV_PIX_FMT_RGB24;
  rgb->width = frame.width;
  rgb->height = frame.height;
  if (ffmpeg().av_frame_get_buffer(rgb.get(), 0) < 0) throw std::bad_alloc();
  ffmpeg().sws_scale(context_.get(), frame.data, frame.linesize, 0, frame.height, rgb->data, rgb->linesize);
  Image image{frame.width, frame.height, {}};
  image.rgb.reserve(static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height) * 3);
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* row = rgb->data[0] + int64_t{y} * rgb->linesize[0];
    image.rgb.insert(image.rgb.end(), row, row + int64_t{frame.width} * 3);
  }
  return image;
}

}  // namespace facet::media
#endif
