// Which frames of a video the model sees, and how their times are written in the prompt.
#pragma once

#include <string>
#include <vector>

namespace facet::media {

constexpr int kDefaultVideoFrames = 32;
constexpr double kDefaultFps = 24;  // of videos that do not state their rate

// Indices of n_wanted frames, evenly spaced from the first one on; all of them where there are no more. Throws
// RequestError where there is none, or none is wanted.
std::vector<int> sample_frames(int n_frames, int n_wanted = kDefaultVideoFrames);

// When a frame is shown; fps of 0 or less is unknown.
double frame_seconds(int index, double fps) noexcept;

// "MM:SS", fractions of a second cut off; minutes do not wrap at 60.
std::string timestamp(double seconds);

}  // namespace facet::media
