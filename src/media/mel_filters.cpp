#include "media/mel_filters.h"

#include <algorithm>
#include <cmath>

#include "media/log_mel.h"

namespace facet::media {
namespace {

constexpr double kTopHz = 8000, kBinHz = kTopHz / (kFftBins - 1);
constexpr double kMelScale = 2595, kMelBend = 700;  // of the HTK toolkit

double mel_from_hz(double hz) { return kMelScale * std::log10(1 + hz / kMelBend); }
double hz_from_mel(double mel) { return kMelBend * (std::pow(10.0, mel / kMelScale) - 1); }

MelFilter triangle(double low, double peak, double high) {
  MelFilter filter;
  for (size_t k = 0; k < kFftBins; ++k) {
    const double hz = kBinHz * static_cast<double>(k);
    const double weight = std::min((hz - low) / (peak - low), (high - hz) / (high - peak));
    if (weight <= 0) continue;
    if (filter.weights.empty()) filter.first = k;
    filter.weights.push_back(static_cast<float>(weight));
  }
  return filter;
}

}  // namespace

std::vector<MelFilter> mel_filters() {
  const auto edge = [](int i) { return hz_from_mel(mel_from_hz(kTopHz) * i / (kMelBins + 1)); };
  std::vector<MelFilter> filters;
  for (int m = 0; m < kMelBins; ++m) filters.push_back(triangle(edge(m), edge(m + 1), edge(m + 2)));
  return filters;
}

}  // namespace facet::media
