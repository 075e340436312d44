// Sound as the models hear it: mono, 16,000 samples a second in f32, from files, pipes and the microphone.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "media/byte_stream.h"
#include "media/source.h"

namespace facet::media {

constexpr int kSampleRate = 16000;

// Gives samples piece by piece; memory does not grow with the sound's length.
class SoundReader {
 public:
  virtual ~SoundReader() = default;

  // Fills a part of out and returns how much, at least a sample; 0 at the end. Throws FormatError when the sound is
  // encrypted or damaged so much that nothing can be heard.
  virtual size_t read(std::span<float> out) = 0;
  // As far as the header says.
  virtual std::optional<double> seconds() const { return {}; }
};

// The sound track of a file of any usual kind (WAV, FLAC, MP3, Ogg, M4A, WebM, MP4, Matroska, ...) of 1,000 to 384,000
// samples a second and at most 64 channels, which are averaged. 16-bit samples are divided by 32,768, others likewise;
// at 16 kHz they pass exactly, other rates are resampled. The source must outlive the reader. Throws FormatError when
// there is no sound in it; ResourceError in a build without FFmpeg.
std::unique_ptr<SoundReader> open_sound(const Source& source);
// The same from a pipe, whose format must be one that can be read without going back (an MP4 made for streaming).
std::unique_ptr<SoundReader> open_sound(ByteStream stream, const std::string& name);
// Bare samples: 16-bit little-endian, mono, 16 kHz.
std::unique_ptr<SoundReader> open_pcm(ByteStream stream);

struct SoundLimits {
  double max_seconds = 3600;
};

// A whole clip. Throws FormatError as open_sound() does, when there is no sample in it, and when it is longer than the
// limit, which the header tells if it can, and else the decoder.
std::vector<float> decode_sound(const Source& source, const SoundLimits& limits = {});

}  // namespace facet::media
