// Which of the model's senses a file is for.
#pragma once

#include "media/source.h"

namespace facet::media {

enum class MediaKind { kImage, kSound, kVideo };

// By content, whatever the name: a container with nothing but sound is sound. FormatError for what is none of them,
// which says what the file is instead; ResourceError for sound and video in a build without FFmpeg.
MediaKind kind_of(const Source& source);

}  // namespace facet::media
