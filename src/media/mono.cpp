#include "media/mono.h"

#ifdef FACET_FFMPEG
#include <cstdint>

namespace facet::media {
namespace {

struct Scale {
  double middle, full;  // sample -> (sample - middle) / full
};

template <class T>
void mix(const AVFrame& frame, bool is_planar, Scale scale, std::vector<float>& mono) {
  const auto n_channels = static_cast<size_t>(channels_of(frame));
  const auto n_samples = static_cast<size_t>(frame.nb_samples);
  mono.resize(n_samples);
  for (size_t i = 0; i < n_samples; ++i) {
    double sum = 0;
    for (size_t c = 0; c < n_channels; ++c) {
      const auto* plane = reinterpret_cast<const T*>(frame.extended_data[is_planar ? c : 0]);
      sum += static_cast<double>(plane[is_planar ? i : i * n_channels + c]) - scale.middle;
    }
    mono[i] = static_cast<float>(sum / (scale.full * static_cast<double>(n_channels)));
  }
}

}  // namespace

int channels_of(const AVFrame& frame) noexcept {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
  return frame.ch_layout.nb_channels;
#else
  return frame.channels;
#endif
}

bool to_mono(const AVFrame& frame, std::vector<float>& mono) {
  const auto format = static_cast<AVSampleFormat>(frame.format);
  const bool is_planar = ffmpeg().av_sample_fmt_is_planar(format) != 0;
  switch (ffmpeg().av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_U8:
      mix<uint8_t>(frame, is_planar, {128, 128}, mono);
      return true;
    case AV_SAMPLE_FMT_S16:
      mix<int16_t>(frame, is_planar, {0, 32768}, mono);
      return true;
    case AV_SAMPLE_FMT_S32:
      mix<int32_t>(frame, is_planar, {0, 2147483648.0}, mono);
      return true;
    case AV_SAMPLE_FMT_S64:
      mix<int64_t>(frame, is_planar, {0, 9223372036854775808.0}, mono);
      return true;
    case AV_SAMPLE_FMT_FLT:
      mix<float>(frame, is_planar, {0, 1}, mono);
      return true;
    case AV_SAMPLE_FMT_DBL:
      mix<double>(frame, is_planar, {0, 1}, mono);
      return true;
    default:
      return false;
  }
}

}  // namespace facet::media
#endif
