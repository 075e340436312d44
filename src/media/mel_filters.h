// Triangles that gather the bins of a spectrum by pitch. Private to log_mel.cpp and its test.
#pragma once

#include <vector>

#include "media/real_fft.h"

namespace facet::media {

// Rises from one pitch to the next and falls to the one after; 0 elsewhere.
struct MelFilter {
  size_t first = 0;            // the bin that meets the first weight
  std::vector<float> weights;  // empty where no bin lies below the triangle
};

// kMelBins triangles, equally wide on the mel scale, from 0 Hz to 8 kHz, the top of the spectrum.
std::vector<MelFilter> mel_filters();

}  // namespace facet::media
