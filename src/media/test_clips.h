// Small sound and video files for tests: WAV by hand, others by FFmpeg's own encoders.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace facet::media {

struct WavSpec {
  int sample_rate = 16000, n_channels = 1;
  int bits = 16;
  bool is_float = false;
};
// samples: the bytes of the file's data.
std::string wav_file(const WavSpec& spec, const std::string& samples);
// 16-bit samples, little-endian.
std::string pcm16(const std::vector<int16_t>& samples);
std::vector<int16_t> sine(int n_samples, double cycles_per_sample, double amplitude = 16000);

struct ClipSpec {
  std::string format = "matroska";
  std::string sound_codec = {};  // "" for none
  int sample_rate = 16000, n_channels = 1, n_samples = 16000;
  std::string video_codec = {};
  int width = 32, height = 16, fps = 25, n_frames = 0, key_frame_distance = 12, n_b_frames = 0;
  std::string options = {};  // of the muxer, "key=value:key=value"
};
// The sound is a sine of 1/32 cycle a sample, the same in all channels. Frame i of the video is grey of frame_luma(i),
// its left half black.
std::string clip_file(const ClipSpec& spec);
int frame_luma(int frame);

// Expects a FormatError of `work` that holds `part`, in one line that starts with the name that tests give clips,
// "clip".
void expect_clip_error(const std::function<void()>& work, const std::string& part);

// With a display matrix in the track of an MP4: rows (a b) and (c d).
std::string turned_mp4(std::string mp4, int a, int b, int c, int d);

}  // namespace facet::media
