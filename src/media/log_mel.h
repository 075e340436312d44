// What the audio tower hears: the loudness of 128 pitches every 10 ms. Samples are mono, 16,000 a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace facet::media {

constexpr int kMelBins = 128;
constexpr size_t kMaxClipSamples = 480'000;  // 30 s: the longest clip the model was trained with
constexpr size_t kMinClipSamples = 161;      // shorter ones have no frame
constexpr size_t kRawAudioFrame = 640;       // samples of a soft token where the model takes them as they are

struct LogMel {
  int n_frames = 0;
  std::vector<float> values;  // [n_frames, kMelBins]: ln(magnitude + 0.001), from 0 Hz to 8 kHz on the mel scale
};

// Frame i lies around sample 160 * i, before the first of which stands silence; only frames that samples fill are made.
// samples: in [-1, 1]. Throws RequestError for clips that are too short or longer than 30 s.
LogMel log_mel(std::span<const float> samples);

// Frames of log_mel, and the soft tokens they become in the audio tower: one for four frames, or 40 ms. 0 for a clip
// too short; what is beyond 30 s does not count.
int n_log_mel_frames(size_t n_samples) noexcept;
int n_audio_tokens(size_t n_samples) noexcept;

// Soft tokens of a model without an audio tower: one for 640 samples, the last filled up with silence.
constexpr int n_raw_audio_tokens(size_t n_samples) noexcept {
  return static_cast<int>((n_samples + kRawAudioFrame - 1) / kRawAudioFrame);
}

}  // namespace facet::media
