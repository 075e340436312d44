#include "media/container.h"

#ifdef FACET_FFMPEG
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "base/error.h"
#include "media/file_type.h"

namespace facet::media {
namespace {

// Demuxers of one file that holds all. Those that open others by name (playlists, manifests, numbered pictures,
// scripts) are not among them.
constexpr const char* kFormats =
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,amr,ogg,mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ape,wv,tta,ivf";

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }

// FFmpeg decodes a little of each stream to learn more of it than the header says: no huge pictures then.
int find_stream_info(AVFormatContext* format) {
  constexpr int64_t kMaxPixels = 1 << 27;
  std::vector<AVDictionary*> options(format->nb_streams);
  for (AVDictionary*& option : options) ffmpeg().av_dict_set_int(&option, "max_pixels", kMaxPixels, 0);
  const int error = ffmpeg().avformat_find_stream_info(format, options.empty() ? nullptr : options.data());
  for (AVDictionary*& option : options) ffmpeg().av_dict_free(&option);
  return error;
}

bool is_encrypted(const AVPacket& packet) noexcept {
  return ffmpeg().av_packet_get_side_data(&packet, AV_PKT_DATA_ENCRYPTION_INFO, nullptr) != nullptr;
}

}  // namespace

struct Container::Input {
  std::string name;
  std::span<const std::byte> bytes;
  int64_t position = 0;
  ByteStream stream;  // instead of bytes
  AvPtr<AVIOContext> io;
  AvPtr<AVFormatContext> format;  // closed before io, on which it rests

  static int read(void* opaque, uint8_t* out, int n) {
    auto* self = static_cast<Input*>(opaque);
    const std::span<std::byte> wanted(reinterpret_cast<std::byte*>(out), static_cast<size_t>(std::max(n, 0)));
    const size_t n_read = self->stream ? self->stream(wanted) : self->copy(wanted);
    return n_read > 0 ? static_cast<int>(n_read) : AVERROR_EOF;
  }
  size_t copy(std::span<std::byte> out) {
    const auto rest = bytes.subspan(std::min(static_cast<size_t>(position), bytes.size()));
    const size_t n = std::min(rest.size(), out.size());
    if (n > 0) std::memcpy(out.data(), rest.data(), n);
    position += static_cast<int64_t>(n);
    return n;
  }
  static int64_t seek(void* opaque, int64_t offset, int whence) {
    auto* self = static_cast<Input*>(opaque);
    const auto size = static_cast<int64_t>(self->bytes.size());
    if (whence == AVSEEK_SIZE) return size;
    const int64_t from = whence == SEEK_END ? size : whence == SEEK_CUR ? self->position : 0;
    if (offset < -from || offset > size - from) return AVERROR(EINVAL);
    return self->position = from + offset;
  }
};

Container::Container(std::span<const std::byte> bytes, const std::string& name) : input_(std::make_unique<Input>()) {
  const FileDescription file = describe_file(bytes);
  if (is_picture(file.type))
    throw_error<FormatError>("{}: a picture ({}), expected a sound or a video", name, file.name);
  if (file.type == FileType::kOtherPicture || file.type == FileType::kDocument)
    throw_error<FormatError>("{}: {}, expected a sound or a video", name, file.name);
  input_->name = name;
  input_->bytes = bytes;
  open();
}

Container::Container(ByteStream stream, const std::string& name) : input_(std::make_unique<Input>()) {
  input_->name = name;
  input_->stream = std::move(stream);
  open();
}

Container::Container(Container&&) noexcept = default;
Container::~Container() = default;

void Container::open() {
  constexpr int kBufferBytes = 1 << 16;
  auto* buffer = static_cast<uint8_t*>(ffmpeg().av_malloc(kBufferBytes));
  if (buffer == nullptr) throw std::bad_alloc();
  input_->io.reset(ffmpeg().avio_alloc_context(buffer, kBufferBytes, 0, input_.get(), Input::read, nullptr,
                                               input_->stream ? nullptr : Input::seek));
  AVFormatContext* format = ffmpeg().avformat_alloc_context();
  if (input_->io == nullptr || format == nullptr) throw std::bad_alloc();
  format->pb = input_->io.get();
  format->io_open = refuse_to_open;
  format->format_whitelist = ffmpeg().av_strdup(kFormats);
  format->protocol_whitelist = ffmpeg().av_strdup("none");
  if (input_->stream) {  // who speaks live waits as long as FFmpeg looks ahead
    format->max_analyze_duration = AV_TIME_BASE / 4;
    format->max_probe_packets = 2;
  }
  int error = ffmpeg().avformat_open_input(&format, "", nullptr, nullptr);  // frees format when it fails
  if (error >= 0) {
    input_->format.reset(format);
    error = find_stream_info(format);
  }
  if (error < 0)
    throw_error<FormatError>("{}: not a sound or a video, or a damaged one: {}", input_->name, av_error_text(error));
}

const std::string& Container::name() const noexcept { return input_->name; }

const AVStream* Container::best(AVMediaType type) const noexcept {
  AVFormatContext* format = input_->format.get();
  const int index = ffmpeg().av_find_best_stream(format, type, -1, -1, nullptr, 0);
  if (index < 0) return nullptr;
  const AVStream* stream = format->streams[index];
  return (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0 ? nullptr : stream;
}

std::optional<double> Container::seconds() const noexcept {
  const AVFormatContext& format = *input_->format;
  if (format.duration <= 0 || format.duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return {};
  return static_cast<double>(format.duration) / AV_TIME_BASE;
}

void Container::choose(const AVStream* stream) noexcept {
  AVFormatContext& format = *input_->format;
  for (unsigned i = 0; i < format.nb_streams; ++i)
    format.streams[i]->discard = format.streams[i] == stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
}

bool Container::read(AVPacket& packet) {
  AVFormatContext& format = *input_->format;
  do {
    ffmpeg().av_packet_unref(&packet);
    int error = AVERROR(EAGAIN);
    constexpr int kMaxTries = 1000;  // of a demuxer that finds nothing in the bytes that it has read
    for (int i = 0; i < kMaxTries && error == AVERROR(EAGAIN); ++i) error = ffmpeg().av_read_frame(&format, &packet);
    if (error < 0) return false;
  } while (format.streams[packet.stream_index]->discard == AVDISCARD_ALL);
  if (is_encrypted(packet)) throw_error<FormatError>("{}: encrypted, and there is no key for it", input_->name);
  return true;
}

}  // namespace facet::media
#endif
