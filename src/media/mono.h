// Decoded samples of FFmpeg as mono f32. Part of a build with FACET_FFMPEG alone.
#pragma once

#ifdef FACET_FFMPEG
#include <vector>

#include "media/ffmpeg.h"

namespace facet::media {

int channels_of(const AVFrame& frame) noexcept;

// The mean of the channels, sample by sample, in -1..1. False when the frame's sample format is not known.
bool to_mono(const AVFrame& frame, std::vector<float>& mono);

}  // namespace facet::media
#endif
