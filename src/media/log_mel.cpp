#include "media/log_mel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "media/mel_filters.h"
#include "media/real_fft.h"

namespace facet::media {
namespace {

constexpr size_t kHop = 160, kFrame = 320;
constexpr float kFloor = 0.001f;  // added, so that silence has a logarithm

// The frames of one clip, as many at a time as the transform takes.
class Frames {
 public:
  explicit Frames(std::span<const float> samples) : samples_(kHop + samples.size()) {
    std::copy(samples.begin(), samples.end(), samples_.begin() + kHop);
    // Floats, which is how the model's own processor keeps the window.
    for (size_t k = 0; k < kFrame; ++k)
      window_[k] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(k) / kFrame));
  }

  // Magnitudes [kFftBins] of n <= kFftLanes frames; the lanes past them hold the last one.
  const Lanes<float>* spectrum(size_t first, size_t n) noexcept {
    for (size_t l = 0; l < kFftLanes; ++l) {
      const float* frame = &samples_[(first + std::min(l, n - 1)) * kHop];
      for (size_t k = 0; k < kFrame; ++k) windowed_[k][l] = window_[k] * frame[k];
    }
    fft_.magnitudes(windowed_.data(), kFrame, spectrum_.data());
    return spectrum_.data();
  }

 private:
  RealFft fft_;
  std::vector<float> samples_;  // after the silence before the first
  std::array<float, kFrame> window_;
  std::array<Lanes<double>, kFrame> windowed_;
  std::array<Lanes<float>, kFftBins> spectrum_;
};

Lanes<float> apply(const MelFilter& filter, const Lanes<float>* spectrum) noexcept {
  Lanes<float> sums{};
  for (size_t i = 0; i < filter.weights.size(); ++i)
    for (size_t l = 0; l < kFftLanes; ++l) sums[l] += filter.weights[i] * spectrum[filter.first + i][l];
  return sums;
}

void check_length(size_t n_samples) {
  if (n_samples < kMinClipSamples)
    throw_error<RequestError>("a sound of {} samples: expected at least {}, a hundredth of a second", n_samples,
                              kMinClipSamples);
  if (n_samples > kMaxClipSamples)
    throw_error<RequestError>("a sound of {} samples: expected clips of at most {}, 30 seconds", n_samples,
                              kMaxClipSamples);
}

}  // namespace

int n_log_mel_frames(size_t n_samples) noexcept {
  const size_t n = std::min(n_samples, kMaxClipSamples);
  return n < kMinClipSamples ? 0 : static_cast<int>((n - 1) / kHop);
}

int n_audio_tokens(size_t n_samples) noexcept { return (n_log_mel_frames(n_samples) + 3) / 4; }

LogMel log_mel(std::span<const float> samples) {
  check_length(samples.size());
  const std::vector<MelFilter> filters = mel_filters();
  Frames frames(samples);
  LogMel out{n_log_mel_frames(samples.size()), {}};
  const auto n_frames = static_cast<size_t>(out.n_frames);
  out.values.resize(n_frames * kMelBins);
  for (size_t first = 0; first < n_frames; first += kFftLanes) {
    const size_t n = std::min(kFftLanes, n_frames - first);
    const Lanes<float>* spectrum = frames.spectrum(first, n);
    for (size_t m = 0; m < filters.size(); ++m) {
      const Lanes<float> sums = apply(filters[m], spectrum);
      for (size_t l = 0; l < n; ++l) out.values[(first + l) * kMelBins + m] = std::log(sums[l] + kFloor);
    }
  }
  return out;
}

}  // namespace facet::media
