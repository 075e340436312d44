// Sounds: the samples after decoding, mixing and resampling, the log-mel frames, and the soft tokens of both kinds of
// models.
#include <algorithm>
#include <cmath>

#include "apps/verify/differences.h"
#include "apps/verify/processor_cases.h"
#include "http/sha256.h"
#include "media/log_mel.h"
#include "media/sound.h"

namespace facet::verify {
namespace {

using Values = std::vector<float>;

constexpr double kSampleTolerance = 2e-2;  // of mixed or resampled sounds, as the files state: resamplers differ
constexpr double kLogMelTolerance = 1e-3;
constexpr const char* kAllFrames = "log_mel";

void expect_length(size_t found, size_t expected, const char* what, Case& result) {
  result.expect(found == expected, fmt::format("{}: {} values, expected {}", what, found, expected));
}

// Stored samples stand in for the decoded ones from there on.
void check_samples(const MediaCase& sound, Values& samples, Case& result) {
  result.expect(samples.size() == sound.golden.at("samples_16k_mono").get<size_t>(),
                fmt::format("{} samples, expected {}", samples.size(), sound.golden["samples_16k_mono"].get<size_t>()));
  const std::string name = sound.tensor_name("samples_16k");
  if (sound.tensors.find(name) != nullptr) {
    const Values stored = sound.tensors.to_f32(name);
    expect_length(samples.size(), stored.size(), "stored samples", result);
    result.compare("samples", largest_difference(samples, stored), kSampleTolerance);
    samples = stored;
  } else {
    const std::string hash = http::hex_digits(http::sha256(std::as_bytes(std::span(samples))));
    result.expect(hash == sound.golden.at("samples_sha256").get<std::string>(), "samples differ");
  }
}

// Of long sounds the first and last frames and the mean of all are stored. Of others all are, and behind them rows that
// stand for no sound, which we do not make.
void check_log_mel(const MediaCase& sound, const media::LogMel& mel, Case& result) {
  const auto n_values = sound.golden.at("valid_frames").get<size_t>() * media::kMelBins;
  expect_length(mel.values.size(), n_values, "all of log_mel", result);
  const auto compare = [&](const char* what, auto&& part) {
    const std::string name = sound.tensor_name(what);
    if (sound.tensors.find(name) == nullptr) return;
    Values stored = sound.tensors.to_f32(name);
    if (stored.empty()) return result.expect(false, fmt::format("{}: nothing is stored", what));
    if (std::string_view(what) == kAllFrames) stored.resize(std::min(stored.size(), n_values));
    const Values found = part(stored.size());
    expect_length(found.size(), stored.size(), what, result);
    result.compare(what, largest_difference(found, stored), kLogMelTolerance);
  };
  const auto first = [&](size_t n) {
    return Values(mel.values.begin(), mel.values.begin() + static_cast<std::ptrdiff_t>(std::min(n, mel.values.size())));
  };
  compare(kAllFrames, first);
  compare("log_mel_head", first);
  compare("log_mel_tail", [&](size_t n) {
    return Values(mel.values.end() - static_cast<std::ptrdiff_t>(std::min(n, mel.values.size())), mel.values.end());
  });
  compare("log_mel_mean", [&](size_t n) {
    std::vector<double> sums(n);
    for (size_t i = 0; i < mel.values.size(); ++i) sums[i % n] += mel.values[i];
    Values means;
    for (const double sum : sums) means.push_back(static_cast<float>(sum / mel.n_frames));
    return means;
  });
}

}  // namespace

void check_sound(const MediaCase& sound, Case& result) {
#ifndef FACET_FFMPEG
  return result.skip("sound files are not part of this build: it was made without FFmpeg");
#endif
  Values samples = media::decode_sound(media::Source::from_path(sound.file.string()));
  check_samples(sound, samples, result);
  const auto expect = [&](int found, const char* key) {
    result.expect(found == sound.golden.at(key).get<int>(),
                  fmt::format("{} {}, expected {}", found, key, sound.golden[key].get<int>()));
  };
  expect(media::n_log_mel_frames(samples.size()), "valid_frames");
  expect(media::n_audio_tokens(samples.size()), "n_soft");
  expect(media::n_raw_audio_tokens(samples.size()), "unified_tokens");
  samples.resize(std::min(samples.size(), media::kMaxClipSamples));  // the official processor hears no more
  const media::LogMel mel = media::log_mel(samples);
  check_log_mel(sound, mel, result);
  result.note(fmt::format("{} frames", mel.n_frames));
}

}  // namespace facet::verify
