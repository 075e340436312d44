// open_sound(): sound tracks decoded by FFmpeg.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "media/container.h"
#include "media/mono.h"
#include "media/needs.h"
#include "media/resampler.h"
#include "media/sound.h"

namespace facet::media {
#ifdef FACET_FFMPEG
namespace {

constexpr int kMinRate = 1000, kMaxRate = 384'000, kMaxChannels = 64;

const AVStream& sound_of(const Container& container) {
  const AVStream* stream = container.sound();
  if (stream == nullptr) throw_error<FormatError>("{}: there is no sound in it", container.name());
  return *stream;
}

class FileSound : public SoundReader {
 public:
  explicit FileSound(Container container)
      : container_(std::move(container)), decoder_(open_decoder(*sound_of(container_).codecpar, container_.name(), 1)) {
    container_.choose(container_.sound());
  }

  std::optional<double> seconds() const override { return container_.seconds(); }

  size_t read(std::span<float> out) override {
    while (next_ == ready_.size() && !is_over_) {
      ready_.clear();
      next_ = 0;
      decode_more();
    }
    const size_t n = std::min(out.size(), ready_.size() - next_);
    std::copy_n(ready_.begin() + static_cast<std::ptrdiff_t>(next_), n, out.begin());
    next_ += n;
    return n;
  }

 private:
  // Adds the samples of a packet to ready_, or the last ones.
  void decode_more() {
    const bool has_packet = container_.read(*packet_);
    // A damaged packet is lost, and a moment of sound with it; players go on likewise.
    const int error = ffmpeg().avcodec_send_packet(decoder_.get(), has_packet ? packet_.get() : nullptr);
    n_packets_ += has_packet;
    if (error >= 0 || error == AVERROR_EOF) receive();
    if (!has_packet) finish();
  }

  void receive() {
    while (ffmpeg().avcodec_receive_frame(decoder_.get(), frame_.get()) >= 0) {
      if (frame_->nb_samples > 0) add(*frame_);
    }
  }

  void add(const AVFrame& frame) {
    check(frame);
    if (!to_mono(frame, mono_))
      throw_error<FormatError>("{}: samples of an unknown format ({})", container_.name(), frame.format);
    for (float& sample : mono_)  // of float files: they may hold anything
      if (!std::isfinite(sample)) sample = 0;
    n_samples_ += static_cast<int64_t>(mono_.size());
    if (frame.sample_rate != rate_) change_rate(frame.sample_rate);
    if (resampler_) {
      resampler_->push(mono_, ready_);
    } else {
      ready_.insert(ready_.end(), mono_.begin(), mono_.end());
    }
  }

  void check(const AVFrame& frame) const {
    if (frame.sample_rate < kMinRate || frame.sample_rate > kMaxRate)
      throw_error<FormatError>("{}: {} samples a second, expected {} to {}", container_.name(), frame.sample_rate,
                               kMinRate, kMaxRate);
    const int n_channels = channels_of(frame);
    if (n_channels < 1 || n_channels > kMaxChannels)
      throw_error<FormatError>("{}: {} channels, expected 1 to {}", container_.name(), n_channels, kMaxChannels);
  }

  void change_rate(int rate) {
    if (resampler_) resampler_->finish(ready_);
    resampler_.reset();
    if (rate != kSampleRate) resampler_.emplace(rate, kSampleRate);
    rate_ = rate;
  }

  void finish() {
    is_over_ = true;
    if (resampler_) resampler_->finish(ready_);
    if (n_samples_ == 0 && n_packets_ > 0)
      throw_error<FormatError>("{}: none of the {} packets of its sound can be decoded: damaged, or encrypted",
                               container_.name(), n_packets_);
    if (n_samples_ == 0) throw_error<FormatError>("{}: a sound without a single sample", container_.name());
  }

  Container container_;
  AvPtr<AVCodecContext> decoder_;
  AvPtr<AVPacket> packet_ = new_packet();
  AvPtr<AVFrame> frame_ = new_frame();
  std::optional<Resampler> resampler_;  // none at 16 kHz: samples pass as they are
  int rate_ = kSampleRate;
  std::vector<float> mono_, ready_;  // ready_ from next_ on has not been handed out
  size_t next_ = 0;
  int64_t n_packets_ = 0, n_samples_ = 0;
  bool is_over_ = false;
};

}  // namespace

std::unique_ptr<SoundReader> open_sound(const Source& source) {
  return std::make_unique<FileSound>(Container(source.bytes(), source.name()));
}

std::unique_ptr<SoundReader> open_sound(ByteStream stream, const std::string& name) {
  return std::make_unique<FileSound>(Container(std::move(stream), name));
}
#else
std::unique_ptr<SoundReader> open_sound(const Source& source) { throw_needs_ffmpeg(source.name(), "sound files"); }
std::unique_ptr<SoundReader> open_sound(ByteStream, const std::string& name) {
  throw_needs_ffmpeg(name, "sound files");
}
#endif

}  // namespace facet::media
