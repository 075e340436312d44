#include "media/pcm_samples.h"

#include <cassert>
#include <cstdint>

#include "base/error.h"
#include "media/resampler.h"
#include "media/sound.h"

namespace facet::media {

#ifdef FACET_SOXR
struct PcmSamples::Resampling {
  explicit Resampling(int rate) : resampler(rate, kSampleRate) {}
  Resampler resampler;
};
#else
struct PcmSamples::Resampling {
  struct {
    void push(std::span<const float>, std::vector<float>&) {}
    void finish(std::vector<float>&) {}
  } resampler;
  explicit Resampling(int rate) {
    throw_error<ResourceError>("sound of {} Hz: this build cannot resample (-DFACET_FFMPEG=ON): send {} Hz", rate,
                               kSampleRate);
  }
};
#endif

PcmSamples::PcmSamples(int rate) : rate_(rate) {
  assert(rate >= kMinRate && rate <= kMaxRate);
  if (rate != kSampleRate) resampling_ = std::make_unique<Resampling>(rate);
}

PcmSamples::~PcmSamples() = default;

void PcmSamples::push(std::span<const std::byte> bytes, std::vector<float>& out) {
  samples_.clear();
  for (const std::byte byte : bytes) {
    const int value = std::to_integer<int>(byte);
    if (low_byte_ < 0) {
      low_byte_ = value;
      continue;
    }
    samples_.push_back(static_cast<float>(static_cast<int16_t>(value << 8 | low_byte_)) / 32768);
    low_byte_ = -1;
  }
  if (resampling_)
    resampling_->resampler.push(samples_, out);
  else
    out.insert(out.end(), samples_.begin(), samples_.end());
}

// A resampler that has finished takes no more.
void PcmSamples::flush(std::vector<float>& out) {
  low_byte_ = -1;
  if (!resampling_) return;
  resampling_->resampler.finish(out);
  resampling_ = std::make_unique<Resampling>(rate_);
}

}  // namespace facet::media
