// Sound at one rate to sound at another, piece by piece, by soxr in its quality HQ.
#pragma once

#ifdef FACET_SOXR
#include <memory>
#include <span>
#include <vector>

struct soxr;

namespace facet::media {

class Resampler {
 public:
  Resampler(double rate_in, double rate_out);  // std::bad_alloc without memory

  // Appends what can be told of the output so far. The pieces may be cut anywhere.
  void push(std::span<const float> samples, std::vector<float>& out);
  // The rest; nothing may be pushed after it.
  void finish(std::vector<float>& out);

 private:
  struct Deleter {
    void operator()(soxr* p) const noexcept;
  };
  std::unique_ptr<soxr, Deleter> soxr_;
  double ratio_;
};

}  // namespace facet::media
#endif
