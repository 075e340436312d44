// Bare samples as they come over a wire: 16 bits little-endian, mono, at any usual rate, cut anywhere.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace facet::media {

class PcmSamples {
 public:
  static constexpr int kMinRate = 8000, kMaxRate = 48000;

  // ResourceError where this build cannot resample, and the rate is not kSampleRate.
  explicit PcmSamples(int rate);
  ~PcmSamples();
  PcmSamples(const PcmSamples&) = delete;
  PcmSamples& operator=(const PcmSamples&) = delete;

  // Appends what can be told so far, at kSampleRate.
  void push(std::span<const std::byte> bytes, std::vector<float>& out);
  // Appends the rest: of what was pushed nothing is missing. More may follow.
  void flush(std::vector<float>& out);

 private:
  struct Resampling;

  int rate_;
  int low_byte_ = -1;  // of a sample whose other half has not come; -1: none
  std::vector<float> samples_;
  std::unique_ptr<Resampling> resampling_;  // null at kSampleRate
};

}  // namespace facet::media
