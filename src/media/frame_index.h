// Which frames a video stream holds, found without decoding: how many, in which order they are shown, and which packets
// must be decoded for some of them.
#pragma once

#ifdef FACET_FFMPEG
#include <cstdint>
#include <vector>

#include "media/container.h"

namespace facet::media {

enum class PacketUse : uint8_t {
  kSkip,
  kDecode,  // as a frame is built on it
  kFrame,   // it holds a frame
};

class FrameIndex {
 public:
  // Reads the container to its end. FormatError beyond max_frames.
  FrameIndex(Container& container, const AVStream& video, int max_frames);

  int n_frames() const noexcept { return static_cast<int>(times_.size()); }
  // Every frame has a time of its own, so that it is known by it.
  bool is_timed() const noexcept { return is_timed_; }
  int64_t time(int frame) const noexcept { return times_[static_cast<size_t>(frame)]; }  // in units of the stream

  // What to do with each packet of the stream, in the order of the file, for the sake of these frames. is_timed().
  std::vector<PacketUse> packet_uses(const std::vector<int>& frames) const;

 private:
  struct Packet {
    int64_t time;
    bool is_key, is_shown;
  };
  std::vector<Packet> packets_;
  std::vector<int64_t> times_;  // of the frames, in the order in which they are shown
  bool is_timed_ = false;
};

}  // namespace facet::media
#endif
