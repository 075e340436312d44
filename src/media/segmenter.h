// Cuts sound of any length into segments that a model takes at once, where nothing is said if there is such a place.
// Silence between segments is left out. It holds one segment, however long the sound is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "media/voice_activity.h"

namespace facet::media {

// In seconds.
struct SegmenterOptions {
  double longest = 29;      // a segment: the 30 s that models take, less a margin
  double preferred = 12;    // segments this long end at the next pause
  double pause = 0.5;       // silence that ends those
  double long_pause = 1.5;  // and that ends any
  double padding = 0.25;    // silence kept before and after speech, at most half of a pause
  double overlap = 1;       // heard twice where a segment had to be cut inside speech
};

// Positions are samples from the beginning of the sound.
struct Segment {
  int64_t start = 0;
  std::vector<float> samples;
  bool begins_inside = false;  // of speech: its beginning is the end of the segment before
  bool ends_inside = false;    // of speech: the next one begins_inside

  int64_t end() const noexcept { return start + static_cast<int64_t>(samples.size()); }
};

class Segmenter {
 public:
  explicit Segmenter(const SegmenterOptions& options = {});

  // Takes mono samples at 16 kHz, up to the one that completes a segment, and returns how many. Takes none before that
  // segment was taken.
  size_t push(std::span<const float> samples);
  // There is no more: what is open becomes the last segment; or the last two, if the last samples made it too long. To
  // be called again, and take(), until that gives nothing.
  void finish();
  // The segment that is complete, once.
  std::optional<Segment> take();

  // What was heard of a segment that is not complete, up to its last speech and some silence; empty when there is none.
  // Valid until the next push.
  std::span<const float> open_samples() const noexcept;
  int64_t open_start() const noexcept { return start_; }
  // Whether that has enough speech to be no noise, which is left out.
  bool has_speech() const noexcept;

  int64_t position() const noexcept { return start_ + static_cast<int64_t>(samples_.size() + rest_.size()); }
  size_t held_bytes() const noexcept;

 private:
  // In frames of 10 ms.
  struct Limits {
    size_t longest, preferred, pause, long_pause, padding, overlap;
  };

  void add(std::span<const float> samples, const VoiceFrame& voice);
  void wait();
  void go_on(const VoiceFrame& voice);
  void cut();
  void complete(size_t n_frames, size_t keep_from, bool ends_inside);
  void drop(size_t n_frames);
  size_t best_pause() const noexcept;
  size_t quietest() const noexcept;
  size_t last_active() const noexcept;

  Limits limits_;
  VoiceActivity voice_;
  std::vector<float> rest_;         // less than a frame
  std::vector<float> samples_;      // of the open segment, or of the silence before one
  std::vector<VoiceFrame> frames_;  // one for each 160 of them
  int64_t start_ = 0;               // position of the first of samples_
  bool is_open_ = false, begins_inside_ = false;
  size_t last_active_ = 0;  // frames up to the last with speech
  std::optional<Segment> complete_;
};

}  // namespace facet::media
