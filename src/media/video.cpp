#include "media/video.h"

#include <utility>

#include "base/error.h"
#include "media/container.h"
#include "media/frame_index.h"
#include "media/frame_times.h"
#include "media/needs.h"
#include "media/orientation.h"

namespace facet::media {
#ifdef FACET_FFMPEG
namespace {

const AVStream& video_of(const Container& container) {
  const AVStream* stream = container.video();
  if (stream == nullptr) throw_error<FormatError>("{}: there is no video in it", container.name());
  return *stream;
}

void check_size(Container& container, const VideoLimits& limits) {
  const AVCodecParameters& p = *video_of(container).codecpar;
  if (p.width <= 0 || p.height <= 0) {
    container.read(*new_packet());  // says so when the reason is that the video is encrypted
    throw_error<FormatError>("{}: a video of {} x {} pixels, or a damaged one", container.name(), p.width, p.height);
  }
  if (p.height > limits.max_pixels / p.width)
    throw_error<FormatError>("{}: a video of {} x {} pixels, but at most {} are decoded: make it smaller",
                             container.name(), p.width, p.height, limits.max_pixels);
}

double frames_per_second(const AVStream& video) {
  for (const AVRational rate : {video.avg_frame_rate, video.r_frame_rate})
    if (rate.num > 0 && rate.den > 0) return av_q2d(rate);
  return kDefaultFps;
}

const uint8_t* display_matrix(const AVStream& video) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const AVCodecParameters& p = *video.codecpar;
  const AVPacketSideData* data =
      ffmpeg().av_packet_side_data_get(p.coded_side_data, p.nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return data != nullptr && data->size >= 9 * sizeof(int32_t) ? data->data : nullptr;
#else
  return ffmpeg().av_stream_get_side_data(&video, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
#endif
}

// The orientation as EXIF counts them that comes nearest to the matrix, which says where the axes of the stored picture
// lie in the shown one.
int orientation_of(const AVStream& video) {
  const auto* bytes = display_matrix(video);
  if (bytes == nullptr) return 1;
  const auto* m = reinterpret_cast<const int32_t*>(bytes);
  const int64_t right_x = m[0], right_y = m[1], down_x = m[3], down_y = m[4];
  const bool is_turned = std::abs(right_y) + std::abs(down_x) > std::abs(right_x) + std::abs(down_y);
  if (!is_turned) return right_x >= 0 ? (down_y >= 0 ? 1 : 4) : (down_y >= 0 ? 2 : 3);
  return right_y >= 0 ? (down_x >= 0 ? 5 : 6) : (down_x >= 0 ? 8 : 7);
}

// Decodes what is needed of a video for the frames wanted of it.
class FrameSampler {
 public:
  FrameSampler(Container container, const FrameIndex& index, std::vector<int> wanted, const VideoLimits& limits)
      : container_(std::move(container)),
        index_(index),
        wanted_(std::move(wanted)),
        decoder_(open_decoder(*video_of(container_).codecpar, container_.name(), limits.max_pixels, limits.n_threads)),
        fps_(frames_per_second(video_of(container_))),
        orientation_(orientation_of(video_of(container_))) {
    container_.choose(container_.video());
  }

  void run(const std::function<void(VideoFrame&&)>& visit) {
    const std::vector<PacketUse> uses = index_.is_timed() ? index_.packet_uses(wanted_) : std::vector<PacketUse>();
    bool is_decoding = false;
    size_t n_sent = 0;  // of the wanted frames
    for (size_t i = 0; next_ < wanted_.size() && container_.read(*packet_); ++i) {
      // Decoders give a frame only after some of the packets behind it.
      const bool is_awaited = is_decoding && n_sent > next_;
      const PacketUse use = i < uses.size() ? uses[i] : PacketUse::kDecode;
      if (use == PacketUse::kSkip && !is_awaited) {
        if (is_decoding) ffmpeg().avcodec_flush_buffers(decoder_.get());
        is_decoding = false;
        continue;
      }
      is_decoding = true;
      n_sent += use == PacketUse::kFrame;
      // Of frames that are not wanted only those that others are built on.
      decoder_->skip_frame = index_.is_timed() && use != PacketUse::kFrame ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
      decode(packet_.get(), visit);
    }
    decode(nullptr, visit);
    if (next_ == 0)
      throw_error<FormatError>("{}: none of its {} frames can be decoded: damaged, or encrypted", container_.name(),
                               index_.n_frames());
  }

 private:
  // nullptr for the frames that the decoder holds back. A damaged packet is left out, as players do.
  void decode(const AVPacket* packet, const std::function<void(VideoFrame&&)>& visit) {
    if (ffmpeg().avcodec_send_packet(decoder_.get(), packet) < 0) return;
    while (next_ < wanted_.size() && ffmpeg().avcodec_receive_frame(decoder_.get(), frame_.get()) >= 0) {
      if (is_wanted()) visit(take());
      ++n_decoded_;
    }
  }

  // Whether the frame just decoded is the next one wanted, or stands in for it because that one was damaged.
  bool is_wanted() const {
    const int frame = wanted_[next_];
    return index_.is_timed() ? frame_->pts >= index_.time(frame) : n_decoded_ >= frame;
  }

  VideoFrame take() {
    const int frame = wanted_[next_++];
    return {frame, frame / fps_, upright(converter_.convert(*frame_, container_.name()), orientation_)};
  }

  Container container_;
  const FrameIndex& index_;
  std::vector<int> wanted_;
  AvPtr<AVCodecContext> decoder_;
  double fps_;
  int orientation_;
  AvPtr<AVPacket> packet_ = new_packet();
  AvPtr<AVFrame> frame_ = new_frame();
  RgbConverter converter_;
  size_t next_ = 0;  // of wanted_
  int n_decoded_ = 0;
};

}  // namespace

VideoInfo visit_video(const Source& source, int n_wanted, const VideoLimits& limits,
                      const std::function<void(VideoFrame&&)>& visit) {
  if (n_wanted < 1) throw_error<RequestError>("{}: {} frames wanted, expected 1 or more", source.name(), n_wanted);
  Container container(source.bytes(), source.name());
  check_size(container, limits);
  const AVStream& video = video_of(container);
  const bool has_sound = container.sound() != nullptr;
  const FrameIndex index(container, video, limits.max_frames);
  if (index.n_frames() == 0) throw_error<FormatError>("{}: a video without a single frame", source.name());
  FrameSampler(Container(source.bytes(), source.name()), index, sample_frames(index.n_frames(), n_wanted), limits)
      .run(visit);
  source.check_unchanged();
  return {frames_per_second(video), index.n_frames(), has_sound};
}
#else
VideoInfo visit_video(const Source& source, int, const VideoLimits&, const std::function<void(VideoFrame&&)>&) {
  throw_needs_ffmpeg(source.name(), "videos");
}
#endif

Video decode_video(const Source& source, int n_wanted, const VideoLimits& limits) {
  Video video;
  const VideoInfo info =
      visit_video(source, n_wanted, limits, [&video](VideoFrame&& frame) { video.frames.push_back(std::move(frame)); });
  static_cast<VideoInfo&>(video) = info;
  return video;
}

}  // namespace facet::media
