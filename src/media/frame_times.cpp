#include "media/frame_times.h"

#include <algorithm>
#include <cstdint>

#include "base/error.h"

namespace facet::media {

std::vector<int> sample_frames(int n_frames, int n_wanted) {
  if (n_frames < 1) throw_error<RequestError>("a video of {} frames: expected one at least", n_frames);
  if (n_wanted < 1) throw_error<RequestError>("{} frames of a video: expected one at least", n_wanted);
  const int n = std::min(n_frames, n_wanted);
  std::vector<int> frames;
  for (int64_t i = 0; i < n; ++i) frames.push_back(static_cast<int>(i * n_frames / n));
  return frames;
}

double frame_seconds(int index, double fps) noexcept { return index / (fps > 0 ? fps : kDefaultFps); }

std::string timestamp(double seconds) {
  // Rates from damaged files may make any number of it.
  const auto whole = static_cast<int64_t>(seconds > 0 ? std::min(seconds, 1e12) : 0);
  return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

}  // namespace facet::media
