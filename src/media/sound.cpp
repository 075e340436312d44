#include "media/sound.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace facet::media {
namespace {

class PcmSound : public SoundReader {
 public:
  explicit PcmSound(ByteStream stream) : stream_(std::move(stream)) {}

  size_t read(std::span<float> out) override {
    std::array<std::byte, 8192> bytes;
    size_t n_bytes = 0;
    while (n_bytes < 2) {  // a sample may come in two halves
      if (has_half_) bytes[0] = half_;
      n_bytes = has_half_ ? 1 : 0;
      const size_t room = std::min(bytes.size(), out.size() * 2);
      const size_t n_read = stream_(std::span(bytes).subspan(n_bytes, room - n_bytes));
      if (n_read == 0) return 0;
      n_bytes += n_read;
      has_half_ = n_bytes % 2 == 1;
      if (has_half_) half_ = bytes[n_bytes - 1];
    }
    for (size_t i = 0; i < n_bytes / 2; ++i) {
      const auto sample = std::to_integer<uint16_t>(bytes[2 * i]) | std::to_integer<uint16_t>(bytes[2 * i + 1]) << 8;
      out[i] = static_cast<float>(static_cast<int16_t>(sample)) / 32768.0f;
    }
    return n_bytes / 2;
  }

 private:
  ByteStream stream_;
  std::byte half_{};
  bool has_half_ = false;
};

[[noreturn]] void throw_too_long(const Source& source, double seconds, const SoundLimits& limits) {
  throw_error<FormatError>("{}: {:.1f} s of sound or more, at most {:g} s are taken", source.name(), seconds,
                           limits.max_seconds);
}

}  // namespace

std::unique_ptr<SoundReader> open_pcm(ByteStream stream) { return std::make_unique<PcmSound>(std::move(stream)); }

std::vector<float> decode_sound(const Source& source, const SoundLimits& limits) {
  const std::unique_ptr<SoundReader> reader = open_sound(source);
  const double announced = reader->seconds().value_or(0);
  if (announced > limits.max_seconds) throw_too_long(source, announced, limits);
  std::vector<float> samples;
  std::array<float, 4096> piece;
  while (const size_t n = reader->read(piece)) {
    samples.insert(samples.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n));
    const double seconds = static_cast<double>(samples.size()) / kSampleRate;
    if (seconds > limits.max_seconds) throw_too_long(source, seconds, limits);
  }
  source.check_unchanged();
  return samples;
}

}  // namespace facet::media
