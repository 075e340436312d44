// Videos as the models see them: a few frames, evenly spread, each with its time.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "media/image.h"
#include "media/source.h"

namespace facet::media {

struct VideoFrame {
  int index = 0;       // among all frames of the video, in the order in which they are shown
  double seconds = 0;  // index / fps
  Image image;
};

struct VideoInfo {
  double fps = 0;    // on average; 24 when the file does not tell
  int n_frames = 0;  // of the whole video
  bool has_sound = false;
};

struct Video : VideoInfo {
  std::vector<VideoFrame> frames;
};

struct VideoLimits {
  int64_t max_pixels = int64_t{1} << 26;  // of a frame: 8192 x 8192
  int max_frames = 10'000'000;            // of the whole video: 46 hours at 60 a second
  int n_threads = 0;                      // of the decoder; 0: as many as there are cores
};

// n_wanted of the video's n_frames frames, number i * n_frames / n_wanted for each i, or all when there are fewer. As
// RGB in the file's own colour space, upright. Frames are decoded and converted one after another, and those between
// them only where others are built on them. Throws FormatError when there is no video in the source, when it is damaged
// or encrypted, and beyond the limits; ResourceError in a build without FFmpeg.
Video decode_video(const Source& source, int n_wanted = 32, const VideoLimits& limits = {});

// The same, each frame handed over as soon as it is there, in order, so that no more than one need be held.
VideoInfo visit_video(const Source& source, int n_wanted, const VideoLimits& limits,
                      const std::function<void(VideoFrame&&)>& visit);

}  // namespace facet::media
