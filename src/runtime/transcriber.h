// What is said in sound of any length, with the times at which it is: segments are cut at silences as the sound comes
// in, and heard one after another. It holds one segment, whatever the length.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "media/segmenter.h"
#include "runtime/generate.h"
#include "runtime/media_encoder.h"
#include "runtime/session.h"

namespace facet::runtime {

struct TranscribeOptions {
  std::string language;       // that is spoken, by its English name; empty: whichever is
  std::string translate_to;   // the language of a translation; empty: none is made
  std::string instruction;    // in place of what the models' documentation recommends, which is the default
  bool sound_first = false;   // before the instruction; Gemma 4 wants it after
  bool show_context = false;  // tells the model the last words before each segment
  int max_tokens = 0;         // of an answer; 0: what the fastest speaker could say, and more
  media::SegmenterOptions segments;
  const std::atomic<bool>* cancel = nullptr;
};

struct TranscribedSegment {
  double start = 0, end = 0;  // seconds from the beginning of the sound
  std::string text;           // one line; may be empty
  std::string translation;    // of translate_to
  bool is_cut = false;        // the answer was still going on after max_tokens, or went round in circles
};

struct TranscriberStats {
  int n_segments = 0, n_tokens = 0;  // of complete segments and of looks at open ones
  double heard_seconds = 0;          // sound in them
  double prompt_seconds = 0, decode_seconds = 0;
  MediaStats media;
};

// The instruction for a segment, in the wording of Gemma 4's model card.
std::string transcription_instruction(const TranscribeOptions& options);

// For one recording, on one thread.
class Transcriber {
 public:
  using OnSegment = std::function<void(const TranscribedSegment&)>;
  using OnText = std::function<void(const std::string& so_far)>;

  // name: of the recording, for messages. Throws RequestError when the model cannot hear, or has no chat format, or its
  // context is too small for a segment.
  Transcriber(std::shared_ptr<const Engine> engine, std::string name, TranscribeOptions options = {});

  // Takes mono samples at 16 kHz; on_segment gets what was said in segments that are complete, in order. Throws
  // CancelledError.
  void push(std::span<const float> samples, const OnSegment& on_segment);
  void finish(const OnSegment& on_segment);

  // What is said in one clip, of at most TranscribeOptions::segments.longest, whose start is told as it is given (a
  // sample's position). Has nothing to do with what is pushed. on_text gets the text so far as it is written, in one
  // line; for a translation nothing.
  TranscribedSegment hear(int64_t start, std::span<const float> samples, const OnText& on_text);

  // What was said so far in the segment that is not complete, after what is held; nothing in silence. on_text gets
  // what is new as it is written.
  std::optional<TranscribedSegment> listen(const OnText& on_text = {});
  double open_end() const noexcept;  // seconds at which its last speech ends so far; 0 in silence

  // The last complete segment, if on_segment has not got it yet: it was cut inside speech, and the next one may say its
  // last words again.
  const std::optional<TranscribedSegment>& held() const noexcept { return held_; }

  double position() const noexcept;  // seconds taken
  TranscriberStats stats() const;

 private:
  MediaPrompt prompt(std::span<const float> samples);
  std::string answer(const MediaPrompt& prompt, int max_tokens, bool& is_cut, const OnText& on_text);
  void put(TranscribedSegment segment, bool ends_inside, const OnSegment& on_segment);
  bool take(const OnSegment& on_segment);
  int max_tokens(double seconds) const noexcept;
  void check_context();

  std::shared_ptr<const Engine> engine_;
  std::string name_;
  TranscribeOptions options_;
  MediaEncoder encoder_;
  Session session_;
  media::Segmenter segmenter_;
  std::optional<TranscribedSegment> held_;  // its last words may be said again by the next one
  std::string tail_;                        // of what was said before
  TranscriberStats stats_;
};

}  // namespace facet::runtime
