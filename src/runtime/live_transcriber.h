// Sound that comes while it is spoken becomes turns, and each turn its transcript: turns end in silence, or when the
// caller says so. Every moment of sound is encoded once.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "media/segmenter.h"
#include "runtime/live_listener.h"
#include "runtime/transcriber.h"

namespace facet::runtime {

struct LiveOptions {
  bool finds_turns = true;       // false: a turn is what comes up to commit()
  double silence = 0.5;          // seconds that end a turn
  double padding = 0.3;          // of silence that is heard before and after speech; at most half of `silence` is
  TranscribeOptions transcribe;  // `segments` has no effect
};

class LiveTranscriber {
 public:
  static constexpr double kMinSilence = 0.1, kMaxSilence = 10;

  // Throws as Transcriber does. The listener outlives this.
  LiveTranscriber(std::shared_ptr<const Engine> engine, const LiveOptions& options, LiveListener& listener);

  // Mono samples at 16 kHz. May take as long as it takes to hear a segment. Throws CancelledError. After an exception
  // of this or of commit(), clear() comes first.
  void push(std::span<const float> samples);
  // What has come of a turn is all of it. False: nothing has, at least a tenth of a second is needed.
  bool commit();
  // Forgets what has come of a turn.
  void clear();

  double position() const noexcept;  // seconds taken

 private:
  void follow_speech(const std::optional<media::Segment>& segment);
  void hear(const media::Segment& segment);
  void begin_turn(double end);
  void end_turn();
  void tell(const std::string& so_far);
  void forget_turn();

  LiveListener& listener_;
  const bool finds_turns_;
  const media::SegmenterOptions segments_;
  Transcriber transcriber_;
  media::Segmenter segmenter_;
  int64_t n_before_ = 0;     // samples before those that the segmenter has seen
  double turn_start_ = 0;    // behind the last turn
  bool has_speech_ = false;  // on_speech() was told, and on_turn() not yet
  bool is_told_ = false;     // on_turn() was, so words may be
  std::string text_, told_;  // of the turn
  std::string last_;         // of the segment before
  double heard_seconds_ = 0;
};

}  // namespace facet::runtime
