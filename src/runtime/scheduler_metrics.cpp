#include "runtime/scheduler_metrics.h"

#include <algorithm>
#include <cmath>

namespace facet::runtime {

void TimeHistogram::add(double seconds) noexcept {
  const double place = seconds > kFirst ? std::ceil(std::log(seconds / kFirst) / std::log(kGrowth)) : 0;
  ++counts_[static_cast<size_t>(std::min(place, static_cast<double>(counts_.size() - 1)))];
  ++n_;
}

double TimeHistogram::quantile(double share) const noexcept {
  if (n_ == 0) return 0;
  const double wanted = std::max(1.0, std::ceil(share * static_cast<double>(n_)));
  int64_t n = 0;
  size_t place = 0;
  for (; place + 1 < counts_.size(); ++place)
    if (static_cast<double>(n += counts_[place]) >= wanted) break;
  return kFirst * std::pow(kGrowth, static_cast<double>(place));
}

}  // namespace facet::runtime
