// The makers of test_clips.h.
#include "media/test_clips.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "base/error.h"
#include "media/ffmpeg.h"
#include "media/mono.h"
#include "media/test_pictures.h"

namespace facet::media {

std::string wav_file(const WavSpec& spec, const std::string& samples) {
  const auto n = [](size_t value, int n_bytes) { return number_bytes(static_cast<uint32_t>(value), n_bytes); };
  const auto frame_bytes = static_cast<size_t>(spec.n_channels * spec.bits / 8);
  const auto rate = static_cast<size_t>(spec.sample_rate);
  return "RIFF" + n(36 + samples.size(), 4) + "WAVEfmt " + n(16, 4) + n(spec.is_float ? 3 : 1, 2) +
         n(static_cast<size_t>(spec.n_channels), 2) + n(rate, 4) + n(rate * frame_bytes, 4) + n(frame_bytes, 2) +
         n(static_cast<size_t>(spec.bits), 2) + "data" + n(samples.size(), 4) + samples;
}

std::string pcm16(const std::vector<int16_t>& samples) {
  std::string bytes;
  for (const int16_t sample : samples) bytes += number_bytes(static_cast<uint16_t>(sample), 2);
  return bytes;
}

std::vector<int16_t> sine(int n_samples, double cycles_per_sample, double amplitude) {
  std::vector<int16_t> samples;
  for (int i = 0; i < n_samples; ++i)
    samples.push_back(
        static_cast<int16_t>(std::lround(amplitude * std::sin(2 * std::numbers::pi * cycles_per_sample * i))));
  return samples;
}

int frame_luma(int frame) { return 40 + frame * 4 % 180; }

std::string turned_mp4(std::string mp4, int a, int b, int c, int d) {
  constexpr size_t kMatrixOffset = 4 + 40;  // from the name of the box "tkhd", version 0
  const auto one = [](int value) { return number_bytes(static_cast<uint32_t>(value) << 16, 4, true); };
  const std::string zero(4, '\0');
  mp4.replace(mp4.find("tkhd") + kMatrixOffset, 20, one(a) + one(b) + zero + one(c) + one(d));
  return mp4;
}

#ifdef FACET_FFMPEG
namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + ": " + av_error_text(result));
}

// A file in memory that FFmpeg writes to.
struct MemoryFile {
  std::string bytes;
  size_t position = 0;

#if LIBAVFORMAT_VERSION_MAJOR >= 61
  using Written = const uint8_t;
#else
  using Written = uint8_t;
#endif
  static int write(void* opaque, Written* data, int n) {
    auto* self = static_cast<MemoryFile*>(opaque);
    const size_t end = self->position + static_cast<size_t>(n);
    self->bytes.resize(std::max(self->bytes.size(), end));
    std::copy_n(data, n, self->bytes.begin() + static_cast<std::ptrdiff_t>(self->position));
    self->position = end;
    return n;
  }
  static int64_t seek(void* opaque, int64_t offset, int whence) {
    auto* self = static_cast<MemoryFile*>(opaque);
    if (whence == AVSEEK_SIZE) return static_cast<int64_t>(self->bytes.size());
    if (whence != SEEK_SET) return AVERROR(EINVAL);
    self->position = static_cast<size_t>(offset);
    return offset;
  }
};

class ClipWriter {
 public:
  explicit ClipWriter(const ClipSpec& spec) : spec_(spec) {
    av_log_set_level(AV_LOG_QUIET);
    AVFormatContext* format = nullptr;
    check(avformat_alloc_output_context2(&format, nullptr, spec.format.c_str(), nullptr), "format");
    format_.reset(format);
    constexpr int kBufferBytes = 4096;
    auto* buffer = static_cast<uint8_t*>(av_malloc(kBufferBytes));
    io_.reset(avio_alloc_context(buffer, kBufferBytes, 1, &file_, nullptr, MemoryFile::write, MemoryFile::seek));
    format->pb = io_.get();
    if (!spec.video_codec.empty()) video_ = open_encoder(spec.video_codec);
    if (!spec.sound_codec.empty()) sound_ = open_encoder(spec.sound_codec);
    AVDictionary* options = nullptr;
    check(av_dict_parse_string(&options, spec.options.c_str(), "=", ":", 0), "options");
    check(avformat_write_header(format, &options), "header");
    av_dict_free(&options);
  }
  ~ClipWriter() { avformat_free_context(format_.release()); }

  std::string write() {
    if (video_) write_video();
    if (sound_) write_sound();
    check(av_write_trailer(format_.get()), "trailer");
    avio_flush(io_.get());
    return file_.bytes;
  }

 private:
  AvPtr<AVCodecContext> open_encoder(const std::string& name) {
    const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
    if (codec == nullptr) throw std::runtime_error("no encoder " + name);
    AvPtr<AVCodecContext> encoder(avcodec_alloc_context3(codec));
    encoder->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    encoder->thread_count = 1;
    if (codec->type == AVMEDIA_TYPE_VIDEO) {
      set_up_video(*encoder);
    } else {
      set_up_sound(*encoder, codec->sample_fmts[0]);
    }
    if ((format_->oformat->flags & AVFMT_GLOBALHEADER) != 0) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    check(avcodec_open2(encoder.get(), codec, nullptr), "encoder");
    AVStream* stream = avformat_new_stream(format_.get(), nullptr);
    check(avcodec_parameters_from_context(stream->codecpar, encoder.get()), "parameters");
    stream->time_base = encoder->time_base;
    stream->avg_frame_rate = encoder->framerate;
    return encoder;
  }

  void set_up_video(AVCodecContext& encoder) const {
    encoder.width = spec_.width;
    encoder.height = spec_.height;
    encoder.pix_fmt = AV_PIX_FMT_YUV420P;
    encoder.time_base = {1, spec_.fps};
    encoder.framerate = {spec_.fps, 1};
    encoder.gop_size = spec_.key_frame_distance;
    encoder.max_b_frames = spec_.n_b_frames;
    encoder.flags |= AV_CODEC_FLAG_QSCALE;
    encoder.global_quality = FF_QP2LAMBDA;  // the best
  }

  void set_up_sound(AVCodecContext& encoder, AVSampleFormat format) const {
    encoder.sample_fmt = format;
    encoder.sample_rate = spec_.sample_rate;
    encoder.time_base = {1, spec_.sample_rate};
    encoder.bit_rate = 128'000;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
    av_channel_layout_default(&encoder.ch_layout, spec_.n_channels);
#else
    encoder.channels = spec_.n_channels;
    encoder.channel_layout = static_cast<uint64_t>(av_get_default_channel_layout(spec_.n_channels));
#endif
  }

  void encode(AVCodecContext& encoder, const AVFrame* frame, int stream) {
    check(avcodec_send_frame(&encoder, frame), "frame");
    const AvPtr<AVPacket> packet = new_packet();
    while (avcodec_receive_packet(&encoder, packet.get()) >= 0) {
      packet->stream_index = stream;
      av_packet_rescale_ts(packet.get(), encoder.time_base, format_->streams[stream]->time_base);
      check(av_interleaved_write_frame(format_.get(), packet.get()), "packet");
    }
  }

  void write_video() {
    for (int i = 0; i < spec_.n_frames; ++i) {
      const AvPtr<AVFrame> frame = new_frame();
      frame->format = AV_PIX_FMT_YUV420P;
      frame->width = spec_.width;
      frame->height = spec_.height;
      check(av_frame_get_buffer(frame.get(), 0), "pixels");
      for (int y = 0; y < spec_.height; ++y)
        for (int x = 0; x < spec_.width; ++x)
          frame->data[0][y * frame->linesize[0] + x] = static_cast<uint8_t>(x < spec_.width / 2 ? 16 : frame_luma(i));
      for (int plane = 1; plane < 3; ++plane)
        std::fill_n(frame->data[plane], frame->linesize[plane] * ((spec_.height + 1) / 2), uint8_t{128});
      frame->pts = i;
      encode(*video_, frame.get(), 0);
    }
    encode(*video_, nullptr, 0);
  }

  void write_sound() {
    const int step = sound_->frame_size > 0 ? sound_->frame_size : 1024;
    const std::vector<int16_t> samples = sine(spec_.n_samples, 1.0 / 32);
    const int stream = video_ ? 1 : 0;
    for (int at = 0; at < spec_.n_samples; at += step) {
      const AvPtr<AVFrame> frame = new_frame();
      frame->format = sound_->sample_fmt;
      frame->sample_rate = spec_.sample_rate;
      frame->nb_samples = std::min(step, spec_.n_samples - at);
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
      check(av_channel_layout_copy(&frame->ch_layout, &sound_->ch_layout), "layout");
#else
      frame->channels = spec_.n_channels;
      frame->channel_layout = sound_->channel_layout;
#endif
      check(av_frame_get_buffer(frame.get(), 0), "samples");
      for (int i = 0; i < frame->nb_samples; ++i) set_sample(*frame, i, samples[static_cast<size_t>(at + i)]);
      frame->pts = at;
      encode(*sound_, frame.get(), stream);
    }
    encode(*sound_, nullptr, stream);
  }

  void set_sample(const AVFrame& frame, int i, int16_t sample) const {
    const auto format = static_cast<AVSampleFormat>(frame.format);
    for (int c = 0; c < spec_.n_channels; ++c) {
      const bool is_planar = av_sample_fmt_is_planar(format) != 0;
      uint8_t* plane = frame.extended_data[is_planar ? c : 0];
      const int place = is_planar ? i : i * spec_.n_channels + c;
      if (av_get_packed_sample_fmt(format) == AV_SAMPLE_FMT_FLT) {
        reinterpret_cast<float*>(plane)[place] = static_cast<float>(sample) / 32768.0f;
      } else {
        reinterpret_cast<int16_t*>(plane)[place] = sample;
      }
    }
  }

  ClipSpec spec_;
  MemoryFile file_;
  AvPtr<AVIOContext> io_;
  AvPtr<AVFormatContext> format_;
  AvPtr<AVCodecContext> video_, sound_;
};

}  // namespace

std::string clip_file(const ClipSpec& spec) { return ClipWriter(spec).write(); }
#endif

void expect_clip_error(const std::function<void()>& work, const std::string& part) {
  try {
    work();
    ADD_FAILURE() << "no error, expected one with: " << part;
  } catch (const FormatError& e) {
    const std::string message = e.what();
    EXPECT_TRUE(message.starts_with("clip: ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

}  // namespace facet::media
