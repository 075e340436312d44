#include "media/frame_index.h"

#ifdef FACET_FFMPEG
#include <algorithm>

#include "base/error.h"

namespace facet::media {
namespace {

// VP8 keeps pictures that are never shown in packets of their own; a bit of their first byte says so.
bool is_shown(const AVPacket& packet, AVCodecID codec) noexcept {
  if ((packet.flags & AV_PKT_FLAG_DISCARD) != 0) return false;
  constexpr uint8_t kShowFrame = 0x10;
  return codec != AV_CODEC_ID_VP8 || (packet.size > 0 && (packet.data[0] & kShowFrame) != 0);
}

}  // namespace

FrameIndex::FrameIndex(Container& container, const AVStream& video, int max_frames) {
  const AvPtr<AVPacket> packet = new_packet();
  container.choose(&video);
  while (container.read(*packet)) {
    if (packets_.size() == static_cast<size_t>(max_frames))
      throw_error<FormatError>("{}: a video of more than {} frames: cut it", container.name(), max_frames);
    packets_.push_back(
        {packet->pts, (packet->flags & AV_PKT_FLAG_KEY) != 0, is_shown(*packet, video.codecpar->codec_id)});
    if (packets_.back().is_shown) times_.push_back(packet->pts);
  }
  std::sort(times_.begin(), times_.end());
  is_timed_ = !times_.empty() && times_.front() != AV_NOPTS_VALUE &&
              std::adjacent_find(times_.begin(), times_.end()) == times_.end();
}

std::vector<PacketUse> FrameIndex::packet_uses(const std::vector<int>& frames) const {
  std::vector<int64_t> wanted;
  for (const int frame : frames) wanted.push_back(time(frame));
  std::vector<PacketUse> uses(packets_.size(), PacketUse::kSkip);
  // A frame needs all packets from the last key frame on; one that is shown before that key frame, though it comes
  // after it, may be built on what precedes it too.
  size_t key = 0, previous_key = 0;
  for (size_t i = 0; i < packets_.size(); ++i) {
    if (packets_[i].is_key) {
      previous_key = key;
      key = i;
    }
    if (!packets_[i].is_shown || !std::binary_search(wanted.begin(), wanted.end(), packets_[i].time)) continue;
    const size_t first = packets_[i].time < packets_[key].time ? previous_key : key;
    for (size_t j = first; j < i; ++j)
      if (uses[j] == PacketUse::kSkip) uses[j] = PacketUse::kDecode;
    uses[i] = PacketUse::kFrame;
  }
  return uses;
}

}  // namespace facet::media
#endif
