// A sound or video file taken apart into streams and packets by FFmpeg's libavformat. It reads the given bytes and
// nothing else: whatever other files or addresses a hostile one names are not opened. Part of a build with FACET_FFMPEG
// alone.
#pragma once

#ifdef FACET_FFMPEG
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "media/byte_stream.h"
#include "media/ffmpeg.h"

namespace facet::media {

class Container {
 public:
  // The bytes must outlive this. Throws FormatError when they are no container of sound or video.
  Container(std::span<const std::byte> bytes, const std::string& name);
  // A stream is read once, from its start to its end.
  Container(ByteStream stream, const std::string& name);
  Container(Container&&) noexcept;
  ~Container();

  const std::string& name() const noexcept;
  // The stream that a player would choose, nullptr when there is none. The picture on a record's cover is no video.
  const AVStream* sound() const noexcept { return best(AVMEDIA_TYPE_AUDIO); }
  const AVStream* video() const noexcept { return best(AVMEDIA_TYPE_VIDEO); }
  // As far as the header says; what is estimated from a bit rate does not count.
  std::optional<double> seconds() const noexcept;

  // The packets of other streams are skipped from here on.
  void choose(const AVStream* stream) noexcept;
  // The next packet; false at the end, or where the file breaks off. FormatError when it is encrypted.
  bool read(AVPacket& packet);

 private:
  struct Input;
  void open();
  const AVStream* best(AVMediaType type) const noexcept;

  std::unique_ptr<Input> input_;  // stays where it is: FFmpeg points to it
};

}  // namespace facet::media
#endif
