#include "media/segmenter.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace facet::media {
namespace {

constexpr double kFramesPerSecond = 100;
constexpr size_t kShortestPause = 8;  // frames that make a place to cut: longer than the closure of a consonant
constexpr size_t kLeastSpeech = 10;   // active frames without which a segment is noise, and left out
constexpr size_t kQuietSearch = 300;  // frames before the longest segment's end where speech is cut at its quietest
constexpr size_t kQuietWidth = 5;     // frames of a quiet place

size_t frames_of(double seconds) { return static_cast<size_t>(seconds * kFramesPerSecond + 0.5); }

bool is_voice(const VoiceFrame& f) { return f.is_active && f.is_speech; }

}  // namespace

Segmenter::Segmenter(const SegmenterOptions& o)
    : limits_{frames_of(o.longest),    frames_of(o.preferred), frames_of(o.pause),
              frames_of(o.long_pause), frames_of(o.padding),   frames_of(o.overlap)} {
  assert(limits_.padding * 2 <= limits_.pause && limits_.pause <= limits_.long_pause);
  assert(limits_.longest > kQuietSearch + limits_.overlap + kQuietWidth);
  samples_.reserve((limits_.longest + 1) * kVoiceFrame);
  frames_.reserve(limits_.longest + 1);
  rest_.reserve(kVoiceFrame);
}

size_t Segmenter::push(std::span<const float> samples) {
  size_t taken = 0;
  while (!complete_ && taken < samples.size()) {
    const size_t n = std::min(kVoiceFrame - rest_.size(), samples.size() - taken);
    const auto from = samples.begin() + static_cast<std::ptrdiff_t>(taken);
    rest_.insert(rest_.end(), from, from + static_cast<std::ptrdiff_t>(n));
    taken += n;
    if (rest_.size() < kVoiceFrame) break;
    add(rest_, voice_.push(rest_));
    rest_.clear();
  }
  return taken;
}

void Segmenter::finish() {
  if (!rest_.empty()) {
    const size_t n = rest_.size();
    rest_.resize(kVoiceFrame);
    const VoiceFrame voice = voice_.push(rest_);
    add(std::span(rest_).first(n), voice);
    rest_.clear();
  }
  if (is_open_ && !complete_) complete(std::min(last_active_ + limits_.padding, frames_.size()), frames_.size(), false);
}

std::optional<Segment> Segmenter::take() { return std::exchange(complete_, {}); }

std::span<const float> Segmenter::open_samples() const noexcept {
  if (!is_open_) return {};
  return std::span(samples_).first(std::min(samples_.size(), (last_active_ + limits_.padding) * kVoiceFrame));
}

bool Segmenter::has_speech() const noexcept {
  const auto n_voiced = std::count_if(frames_.begin(), frames_.end(), is_voice);
  return is_open_ && n_voiced >= static_cast<std::ptrdiff_t>(kLeastSpeech);
}

size_t Segmenter::held_bytes() const noexcept {
  const size_t n_floats = samples_.capacity() + rest_.capacity() + (complete_ ? complete_->samples.capacity() : 0);
  return n_floats * sizeof(float) + frames_.capacity() * sizeof(VoiceFrame);
}

void Segmenter::add(std::span<const float> samples, const VoiceFrame& voice) {
  samples_.insert(samples_.end(), samples.begin(), samples.end());
  frames_.push_back(voice);
  if (is_open_ || voice.is_speech)
    go_on(voice);
  else
    wait();
}

// In silence: as much is kept as stands before the next segment.
void Segmenter::wait() {
  const size_t kept = limits_.padding + static_cast<size_t>(kVoiceOnset);
  if (frames_.size() > kept) drop(frames_.size() - kept);
}

void Segmenter::go_on(const VoiceFrame& voice) {
  is_open_ = true;
  if (is_voice(voice)) last_active_ = frames_.size();
  const size_t silence = frames_.size() - last_active_;
  const bool is_over = silence >= (frames_.size() >= limits_.preferred ? limits_.pause : limits_.long_pause);
  if (is_over)
    complete(last_active_ + limits_.padding, last_active_ + silence - limits_.padding, false);
  else if (frames_.size() >= limits_.longest)
    cut();
}

// At the longest pause there was, or else at the quietest place of the last seconds, whose surroundings are heard
// twice.
void Segmenter::cut() {
  if (const size_t pause = best_pause(); pause > 0) {
    complete(pause, pause, false);
  } else {
    const size_t place = quietest();
    complete(place, place - limits_.overlap, true);
  }
}

// The middle of the longest pause after the preferred length, the last one of several; 0: there is none.
size_t Segmenter::best_pause() const noexcept {
  size_t best = 0, longest = kShortestPause, n = 0;
  for (size_t i = limits_.preferred; i < frames_.size(); ++i) {
    n = frames_[i].is_active ? 0 : n + 1;
    if (n >= longest) {
      longest = n;
      best = i + 1 - n / 2;
    }
  }
  return best;
}

size_t Segmenter::quietest() const noexcept {
  size_t best = frames_.size();
  float least = 1e9f;
  for (size_t i = frames_.size() - kQuietSearch; i + kQuietWidth <= frames_.size(); ++i) {
    float sum = 0;
    for (size_t j = 0; j < kQuietWidth; ++j) sum += frames_[i + j].level;
    if (sum < least) {
      least = sum;
      best = i + kQuietWidth / 2;
    }
  }
  return best;
}

size_t Segmenter::last_active() const noexcept {
  const auto last = std::find_if(frames_.rbegin(), frames_.rend(), is_voice);
  return static_cast<size_t>(frames_.rend() - last);
}

// The first n_frames become a segment; what stands from keep_from on begins the next one, or the silence before it.
void Segmenter::complete(size_t n_frames, size_t keep_from, bool ends_inside) {
  const auto n_voiced =
      std::count_if(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(n_frames), is_voice);
  if (n_voiced >= static_cast<std::ptrdiff_t>(kLeastSpeech)) {
    const auto n = static_cast<std::ptrdiff_t>(std::min(n_frames * kVoiceFrame, samples_.size()));
    complete_ = Segment{start_, {samples_.begin(), samples_.begin() + n}, begins_inside_, ends_inside};
  }
  begins_inside_ = ends_inside && complete_;
  drop(keep_from);
  last_active_ = last_active();
  is_open_ = last_active_ > 0;
  if (!is_open_) wait();
}

void Segmenter::drop(size_t n_frames) {
  const size_t n = std::min(n_frames * kVoiceFrame, samples_.size());
  samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(n));
  frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(n_frames));
  start_ += static_cast<int64_t>(n);
}

}  // namespace facet::media
