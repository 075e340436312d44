#include "media/voice_activity.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numbers>

#include "media/real_fft.h"

namespace facet::media {
namespace {

// Bins of 31.25 Hz: 156, 500, 1000, 2000, 4000, 7000 Hz.
constexpr std::array<size_t, 6> kEdges = {5, 16, 32, 64, 128, 224};
constexpr size_t kPeakBands = 4;  // those in which a voice has harmonics

// Of a full-scale sine: half the window's sum squared, in its bin, and a quarter of that in each neighbour.
constexpr float kFullScale = 128 * 128 * 1.5f;

// In dB below a full-scale sine, for a band. What is fainter than the first is silence, whatever surrounds it. Before
// the background is known it is taken for the second, or what is heard if that is less. The third is less than the
// rounding of 16-bit samples: silence that no microphone has heard, which tells nothing about the background.
constexpr float kFaintest = -80, kFirstBackground = -50, kUnrecorded = -115;

// The least of 300 smoothed powers of steady noise lies about this far below their mean.
constexpr float kMinimumBias = 3;
constexpr float kFlatLevel = 8, kPeakyLevel = 5;  // dB that begin activity
constexpr float kHysteresis = 2;                  // dB less for it to go on
// Noise has -2.5 dB, on average over bands, a voice less than -6.
constexpr float kPeakyFlatness = -4.5f;

// Frames until a window is filled, and what was smoothed from the first ones has faded.
constexpr int kFirstWhole = 8;

float to_power(float db) { return std::pow(10.0f, db / 10) * kFullScale; }
float to_db(float power) { return 10 * std::log10(std::max(power, 1e-12f)); }

const float kUnrecordedPower = to_power(kUnrecorded), kFaintestDb = to_db(to_power(kFaintest));

}  // namespace

struct VoiceActivity::Analysis {
  RealFft fft;
  std::array<double, kFftSize> window{}, past{};
  std::array<Lanes<double>, kFftSize> input{};
  std::array<Lanes<float>, kFftBins> magnitudes{};

  Analysis() {
    for (size_t i = 0; i < kFftSize; ++i)
      window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / kFftSize);
  }

  void push(std::span<const float> samples) {
    std::copy(past.begin() + kVoiceFrame, past.end(), past.begin());
    std::transform(samples.begin(), samples.end(), past.end() - kVoiceFrame,
                   [](float x) { return std::isfinite(x) ? double{std::clamp(x, -1.0f, 1.0f)} : 0.0; });
    for (size_t i = 0; i < kFftSize; ++i) input[i][0] = past[i] * window[i];
    fft.magnitudes(input.data(), kFftSize, magnitudes.data());
  }

  Bands power() const {
    Bands out{};
    for (size_t b = 0; b < kBands; ++b)
      for (size_t i = kEdges[b]; i < kEdges[b + 1]; ++i) out[b] += magnitudes[i][0] * magnitudes[i][0];
    return out;
  }

  // How far geometric means lie below arithmetic ones, in dB, on average over bands: 0 of a flat spectrum, and the less
  // the more it has peaks.
  float flatness() const {
    float sum = 0;
    for (size_t b = 0; b < kPeakBands; ++b) {
      float power = 0, log = 0;
      for (size_t i = kEdges[b]; i < kEdges[b + 1]; ++i) {
        const float p = magnitudes[i][0] * magnitudes[i][0] + 1e-9f;
        power += p;
        log += to_db(p);
      }
      const auto n = static_cast<float>(kEdges[b + 1] - kEdges[b]);
      sum += log / n - to_db(power / n);
    }
    return sum / kPeakBands;
  }
};

VoiceActivity::Background::Background() {
  Bands first;
  first.fill(to_power(kFirstBackground - kMinimumBias));
  least.fill(first);
}

void VoiceActivity::Background::push(const Bands& power) {
  if (n_frames == kPieceFrames) {
    piece = (piece + 1) % kPieces;
    n_frames = 0;
  }
  Bands& now = least[static_cast<size_t>(piece)];
  for (size_t b = 0; b < kBands; ++b) now[b] = n_frames == 0 ? power[b] : std::min(now[b], power[b]);
  ++n_frames;
}

VoiceActivity::Bands VoiceActivity::Background::power() const noexcept {
  Bands out = least[0];
  for (const Bands& other : least)
    for (size_t b = 0; b < kBands; ++b) out[b] = std::min(out[b], other[b]);
  return out;
}

VoiceActivity::VoiceActivity() : analysis_(std::make_unique<Analysis>()) {}
VoiceActivity::~VoiceActivity() = default;
VoiceActivity::VoiceActivity(VoiceActivity&&) noexcept = default;
VoiceActivity& VoiceActivity::operator=(VoiceActivity&&) noexcept = default;

float VoiceActivity::level_of(const Bands& power) const noexcept {
  const Bands background = background_.power();
  Bands above{};
  for (size_t b = 0; b < kBands; ++b)
    above[b] = std::max(0.0f, to_db(power[b]) - std::max(to_db(background[b]) + kMinimumBias, kFaintestDb));
  std::partial_sort(above.begin(), above.begin() + 2, above.end(), std::greater<>());
  return (above[0] + above[1]) / 2;
}

bool VoiceActivity::decide(float level, float flatness) noexcept {
  const float needed = flatness < kPeakyFlatness ? kPeakyLevel : kFlatLevel;
  return level >= needed - (is_active_ ? kHysteresis : 0);
}

VoiceFrame VoiceActivity::push(std::span<const float> samples) {
  assert(samples.size() == kVoiceFrame);
  analysis_->push(samples);
  const Bands power = analysis_->power();
  for (size_t b = 0; b < kBands; ++b) smoothed_[b] = (smoothed_[b] + power[b]) / 2;
  // Windows that reach back before the beginning of what was recorded are fainter than the sound is. Later silence is
  // the background of a recording whose noise somebody removed.
  const bool is_recorded = std::any_of(power.begin(), power.end(), [](float p) { return p > kUnrecordedPower; });
  if (n_recorded_ < kFirstWhole) n_recorded_ = is_recorded ? n_recorded_ + 1 : 0;
  if (n_recorded_ == kFirstWhole) background_.push(smoothed_);
  const float level = level_of(power);

  is_active_ = decide(level, analysis_->flatness());
  n_active_ = is_active_ ? n_active_ + 1 : 0;
  if (n_active_ >= kVoiceOnset || (is_speech_ && is_active_))
    n_silent_ = 0;
  else
    n_silent_ = std::min(n_silent_ + 1, kVoiceHangover + 1);
  is_speech_ = n_silent_ <= kVoiceHangover;
  return {level, is_active_, is_speech_};
}

}  // namespace facet::media
