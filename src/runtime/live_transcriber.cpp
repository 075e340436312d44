#include "runtime/live_transcriber.h"

#include <algorithm>

#include "text/words.h"

namespace facet::runtime {
namespace {

constexpr size_t kStep = media::kSampleRate / 20;  // how exactly in time speech is told
constexpr double kLeastTurn = 0.1;

double seconds_of(int64_t n_samples) { return static_cast<double>(n_samples) / media::kSampleRate; }

media::SegmenterOptions segments_of(const LiveOptions& options) {
  media::SegmenterOptions segments;
  if (!options.finds_turns) return segments;
  segments.pause = segments.long_pause =
      std::clamp(options.silence, LiveTranscriber::kMinSilence, LiveTranscriber::kMaxSilence);
  segments.padding = std::clamp(options.padding, 0.0, segments.pause / 2);
  return segments;
}

}  // namespace

LiveTranscriber::LiveTranscriber(std::shared_ptr<const Engine> engine, const LiveOptions& options,
                                 LiveListener& listener)
    : listener_(listener),
      finds_turns_(options.finds_turns),
      segments_(segments_of(options)),
      transcriber_(std::move(engine), "live sound", options.transcribe),
      segmenter_(segments_) {}

void LiveTranscriber::push(std::span<const float> samples) {
  while (!samples.empty()) {
    samples = samples.subspan(segmenter_.push(samples.first(std::min(samples.size(), kStep))));
    const auto segment = segmenter_.take();
    if (finds_turns_)
      follow_speech(segment);
    else if (segment)
      hear(*segment);
  }
}

// What was told to be speech ends as a turn, though it be one without words.
void LiveTranscriber::follow_speech(const std::optional<media::Segment>& segment) {
  if (segment || (has_speech_ && segmenter_.open_samples().empty())) {
    begin_turn(segment ? seconds_of(n_before_ + segment->end()) : position());
    if (segment) hear(*segment);
    end_turn();
  }
  if (has_speech_ || !segmenter_.has_speech()) return;
  has_speech_ = true;
  listener_.on_speech(seconds_of(n_before_ + segmenter_.open_start()));
}

bool LiveTranscriber::commit() {
  const bool has_turn = finds_turns_ ? has_speech_ : position() - turn_start_ >= kLeastTurn;
  if (!has_turn) return false;
  begin_turn(position());
  for (;;) {
    segmenter_.finish();
    const auto segment = segmenter_.take();
    if (!segment) break;
    hear(*segment);
  }
  end_turn();
  return true;
}

void LiveTranscriber::clear() {
  n_before_ += segmenter_.position();
  segmenter_ = media::Segmenter(segments_);
  forget_turn();
  turn_start_ = position();
}

double LiveTranscriber::position() const noexcept { return seconds_of(n_before_ + segmenter_.position()); }

// What was heard of it before it was complete is told at once.
void LiveTranscriber::begin_turn(double end) {
  is_told_ = true;
  has_speech_ = false;
  listener_.on_turn(end);
  if (!text_.empty()) tell(text_);
}

void LiveTranscriber::end_turn() {
  const std::string text = std::move(text_);
  const double seconds = heard_seconds_;
  forget_turn();
  turn_start_ = position();
  listener_.on_transcript(text, seconds);
}

void LiveTranscriber::forget_turn() {
  text_.clear();
  told_.clear();
  heard_seconds_ = 0;
  has_speech_ = is_told_ = false;
}

// What begins within speech may begin with words of the segment before, so that its first words wait for its last.
void LiveTranscriber::hear(const media::Segment& segment) {
  const std::string before = text_;
  const auto on_text = [&](const std::string& so_far) {
    if (is_told_ && !segment.begins_inside) tell(text::join_texts(before, so_far));
  };
  heard_seconds_ += seconds_of(static_cast<int64_t>(segment.samples.size()));
  std::string said = transcriber_.hear(segment.start, segment.samples, on_text).text;
  const std::string whole = said;
  if (segment.begins_inside) text::remove_overlap(last_, said);
  last_ = whole;
  text_ = text::join_texts(before, said);
  if (is_told_) tell(text_);
}

void LiveTranscriber::tell(const std::string& so_far) {
  if (so_far.size() <= told_.size() || !so_far.starts_with(told_)) return;
  listener_.on_words(std::string_view(so_far).substr(told_.size()));
  told_ = so_far;
}

}  // namespace facet::runtime
