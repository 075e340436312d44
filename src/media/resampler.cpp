#include "media/resampler.h"

#ifdef FACET_SOXR
#include <soxr.h>

#include <cmath>
#include <new>

namespace facet::media {

void Resampler::Deleter::operator()(soxr* p) const noexcept { soxr_delete(p); }

Resampler::Resampler(double rate_in, double rate_out) : ratio_(rate_out / rate_in) {
  const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  soxr_error_t error = nullptr;
  soxr_.reset(soxr_create(rate_in, rate_out, 1, &error, &io, &quality, nullptr));
  if (soxr_ == nullptr || error != nullptr) throw std::bad_alloc();
}

void Resampler::push(std::span<const float> samples, std::vector<float>& out) {
  while (!samples.empty()) {
    const size_t before = out.size();
    out.resize(before + static_cast<size_t>(std::ceil(static_cast<double>(samples.size()) * ratio_)) + 64);
    size_t n_used = 0, n_made = 0;
    if (soxr_process(soxr_.get(), samples.data(), samples.size(), &n_used, out.data() + before, out.size() - before,
                     &n_made) != nullptr)
      throw std::bad_alloc();
    out.resize(before + n_made);
    samples = samples.subspan(n_used);
  }
}

void Resampler::finish(std::vector<float>& out) {
  constexpr size_t kStep = 4096;
  for (size_t n_made = kStep; n_made == kStep;) {
    const size_t before = out.size();
    out.resize(before + kStep);
    if (soxr_process(soxr_.get(), nullptr, 0, nullptr, out.data() + before, kStep, &n_made) != nullptr)
      throw std::bad_alloc();
    out.resize(before + n_made);
  }
}

}  // namespace facet::media
#endif
