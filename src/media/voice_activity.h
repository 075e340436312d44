// Where in a stream of sound there is speech, decided every 10 ms: what stands out from the background, for how long.
// It knows nothing of words: music that comes and goes is speech to it, and a steady hum is not.
//
// For each frame the power in five bands from 156 Hz to 7 kHz (hum below says nothing) is compared with the background
// of the band: the least smoothed power of the last 3 s, since speech pauses between syllables and noise does not. What
// stays the same for 3 s is therefore background. The level of a frame is the mean over the two bands that stand out
// most, so that noise in the other bands hides neither a hiss nor a hum of the voice. A spectrum with peaks (a voice)
// needs to stand out less than a flat one (a gust, a rustle), and less to go on than to begin.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "media/sound.h"

namespace facet::media {

constexpr size_t kVoiceFrame = kSampleRate / 100;  // samples: 10 ms

struct VoiceFrame {
  float level = 0;         // dB above the background
  bool is_active = false;  // it stands out
  bool is_speech = false;  // it has for kVoiceOnset frames in a row, or did at most kVoiceHangover frames ago
};

constexpr int kVoiceOnset = 5;      // a click fills four frames of analysis, a syllable at least eight
constexpr int kVoiceHangover = 20;  // ends of words fade into the background before they are over

class VoiceActivity {
 public:
  VoiceActivity();
  ~VoiceActivity();
  VoiceActivity(VoiceActivity&&) noexcept;
  VoiceActivity& operator=(VoiceActivity&&) noexcept;

  // The next kVoiceFrame samples, in [-1, 1]. Anything that is no number counts as silence.
  VoiceFrame push(std::span<const float> samples);

 private:
  static constexpr size_t kBands = 5;
  using Bands = std::array<float, kBands>;
  struct Analysis;  // window and transform

  // The least power of the last 12 quarters of a second, and of the one that is not over.
  struct Background {
    static constexpr int kPieces = 12, kPieceFrames = 25;
    std::array<Bands, kPieces> least;
    int piece = 0, n_frames = 0;

    Background();
    void push(const Bands& power);
    Bands power() const noexcept;
  };

  float level_of(const Bands& power) const noexcept;
  bool decide(float level, float flatness) noexcept;

  std::unique_ptr<Analysis> analysis_;
  Background background_;
  Bands smoothed_{};
  int n_recorded_ = 0;  // frames since digital silence at the beginning, up to those that fill a window
  bool is_active_ = false;
  int n_active_ = 0, n_silent_ = kVoiceHangover + 1;  // frames in a row; n_silent_ since the last speech
  bool is_speech_ = false;
};

}  // namespace facet::media
