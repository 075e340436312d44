#include "media/resampler.h"

#ifdef FACET_SOXR
#include <soxr.h>

#include <cmath>
#include <new>

#include "base/shared_library.h"

namespace facet::media {
namespace {

// Loaded when the first sound needs it, as FFmpeg is.
struct Soxr {
#ifdef FACET_LINK_SOXR
#define FACET_SOXR_FUNCTION(function) ::function
#else
  SharedLibrary library{"soxr", 0, FACET_SOXR_FOLDER};
#define FACET_SOXR_FUNCTION(function) library.get<decltype(::function)>(#function)
#endif
  decltype(&::soxr_create) create = FACET_SOXR_FUNCTION(soxr_create);
  decltype(&::soxr_process) process = FACET_SOXR_FUNCTION(soxr_process);
  decltype(&::soxr_delete) remove = FACET_SOXR_FUNCTION(soxr_delete);
  decltype(&::soxr_io_spec) io_spec = FACET_SOXR_FUNCTION(soxr_io_spec);
  decltype(&::soxr_quality_spec) quality_spec = FACET_SOXR_FUNCTION(soxr_quality_spec);
#undef FACET_SOXR_FUNCTION
};

const Soxr& api() {
  static const Soxr functions;
  return functions;
}

}  // namespace

void Resampler::Deleter::operator()(soxr* p) const noexcept { api().remove(p); }

Resampler::Resampler(double rate_in, double rate_out) : ratio_(rate_out / rate_in) {
  const soxr_io_spec_t io = api().io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = api().quality_spec(SOXR_HQ, 0);
  soxr_error_t error = nullptr;
  soxr_.reset(api().create(rate_in, rate_out, 1, &error, &io, &quality, nullptr));
  if (soxr_ == nullptr || error != nullptr) throw std::bad_alloc();
}

void Resampler::push(std::span<const float> samples, std::vector<float>& out) {
  while (!samples.empty()) {
    const size_t before = out.size();
    out.resize(before + static_cast<size_t>(std::ceil(static_cast<double>(samples.size()) * ratio_)) + 64);
    size_t n_used = 0, n_made = 0;
    if (api().process(soxr_.get(), samples.data(), samples.size(), &n_used, out.data() + before, out.size() - before,
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
    if (api().process(soxr_.get(), nullptr, 0, nullptr, out.data() + before, kStep, &n_made) != nullptr)
      throw std::bad_alloc();
    out.resize(before + n_made);
  }
}

}  // namespace facet::media
#endif
