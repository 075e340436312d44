// Sound from a microphone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "media/sound.h"

namespace facet::media {

// The names of the devices that record. ResourceError in a build without FACET_MICROPHONE, or without PortAudio here.
std::vector<std::string> microphones();

// Records from the device of that name (a part of it will do), "" for the system's own choice, until the reader is
// gone: it never ends by itself. read() waits for a tenth of a second of sound at most. What comes while nobody reads
// for seconds is lost. Throws ResourceError when there is no such device, or it cannot be opened.
std::unique_ptr<SoundReader> open_microphone(const std::string& device = "");

}  // namespace facet::media
