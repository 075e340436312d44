// BMP through FFmpeg's decoder, which knows its many bit depths and its run lengths.
#include <cstring>

#include "base/error.h"
#include "media/codecs.h"
#include "media/ffmpeg.h"
#include "media/needs.h"

namespace facet::media {
#ifdef FACET_FFMPEG
namespace {

int64_t little_endian(const EncodedImage& file, size_t offset, size_t n_bytes) {
  if (offset + n_bytes > file.bytes.size())
    throw_error<FormatError>("{}: damaged BMP: the file ends too early", file.name);
  uint32_t value = 0;
  for (size_t i = n_bytes; i-- > 0;) value = value << 8 | std::to_integer<uint32_t>(file.bytes[offset + i]);
  return n_bytes == 4 ? static_cast<int32_t>(value) : value;
}

void check_header(const EncodedImage& file) {
  constexpr int64_t kOldHeaderBytes = 12;  // its sizes are of 16 bits; rows of later ones may run upwards: height < 0
  if (little_endian(file, 14, 4) == kOldHeaderBytes) {
    check_size(file, little_endian(file, 18, 2), little_endian(file, 20, 2));
  } else {
    check_size(file, little_endian(file, 18, 4), std::abs(little_endian(file, 22, 4)));
  }
}

AvPtr<AVPacket> packet_of(std::span<const std::byte> bytes) {
  AvPtr<AVPacket> packet = new_packet();
  if (ffmpeg().av_new_packet(packet.get(), static_cast<int>(bytes.size())) < 0) throw std::bad_alloc();
  std::memcpy(packet->data, bytes.data(), bytes.size());
  return packet;
}

}  // namespace

DecodedImage decode_bmp(const EncodedImage& file) {
  check_header(file);
  if (file.bytes.size() > 1u << 30) throw_error<FormatError>("{}: a BMP of more than a GiB", file.name);
  AVCodecParameters parameters{};
  parameters.codec_type = AVMEDIA_TYPE_VIDEO;
  parameters.codec_id = AV_CODEC_ID_BMP;
  parameters.format = -1;
  const AvPtr<AVCodecContext> decoder = open_decoder(parameters, file.name, file.max_pixels);
  const AvPtr<AVFrame> frame = new_frame();
  int error = ffmpeg().avcodec_send_packet(decoder.get(), packet_of(file.bytes).get());
  if (error >= 0) error = ffmpeg().avcodec_receive_frame(decoder.get(), frame.get());
  if (error < 0) throw_error<FormatError>("{}: damaged BMP: {}", file.name, av_error_text(error));
  return {RgbConverter().convert(*frame, file.name)};
}
#else
DecodedImage decode_bmp(const EncodedImage& file) { throw_needs_ffmpeg(file.name, "BMP pictures"); }
#endif

}  // namespace facet::media
