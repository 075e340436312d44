#include "media/sound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "base/error.h"
#include "media/kind.h"
#include "media/test_clips.h"
#include "media/test_pictures.h"

namespace facet::media {
namespace {

Source sound_source(const std::string& file) {
  const auto bytes = std::as_bytes(std::span(file));
  return Source::from_bytes({bytes.begin(), bytes.end()}, "clip");
}

std::vector<float> hear(const std::string& file, const SoundLimits& limits = {}) {
  return decode_sound(sound_source(file), limits);
}

// Hands out so many bytes at a time.
ByteStream stream_of(const std::string& bytes, size_t step) {
  return [&bytes, step, at = size_t{0}](std::span<std::byte> out) mutable {
    const size_t n = std::min({step, out.size(), bytes.size() - at});
    std::memcpy(out.data(), bytes.data() + at, n);
    at += n;
    return n;
  };
}

std::vector<float> read_all(SoundReader& reader, size_t piece) {
  std::vector<float> samples, buffer(piece);
  while (const size_t n = reader.read(buffer))
    samples.insert(samples.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n));
  return samples;
}

std::vector<float> as_floats(const std::vector<int16_t>& samples) {
  std::vector<float> floats;
  for (const int16_t sample : samples) floats.push_back(static_cast<float>(sample) / 32768.0f);
  return floats;
}

TEST(PcmStream, SamplesMayComeInHalves) {
  const std::vector<int16_t> samples = {0, 1, -1, 32767, -32768, 1234};
  const std::string bytes = pcm16(samples);
  for (const size_t step : {1, 3, 100})
    for (const size_t piece : {1, 4, 100})
      EXPECT_EQ(read_all(*open_pcm(stream_of(bytes, step)), piece), as_floats(samples)) << step << " " << piece;
}

#ifdef FACET_FFMPEG

void expect_sound_error(const std::string& file, const std::string& part, const SoundLimits& limits = {}) {
  expect_clip_error([&] { hear(file, limits); }, part);
}

// The largest distance from the sine of that frequency and amplitude, away from the ends by a filter's length.
double distance_from_sine(const std::vector<float>& samples, double hertz, double amplitude) {
  double distance = 0;
  for (size_t i = 800; i + 800 < samples.size(); ++i) {
    const double expected = amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / kSampleRate);
    distance = std::max(distance, std::abs(samples[i] - expected));
  }
  return distance;
}

TEST(Sound, At16KilohertzSamplesPassExactly) {
  const std::vector<int16_t> samples = {0, 1, -1, 32767, -32768, 1234, -4321};
  EXPECT_EQ(hear(wav_file({}, pcm16(samples))), as_floats(samples));
}

TEST(Sound, ChannelsAreAveraged) {
  const std::string stereo = pcm16({1000, 3000, -32768, -32768, 32767, -32767});
  EXPECT_EQ(hear(wav_file({.n_channels = 2}, stereo)), as_floats({2000, -32768, 0}));
  std::vector<int16_t> wide;  // two samples of 32 channels: 0 1 .. 31, and -10 in all
  for (int c = 0; c < 32; ++c) wide.push_back(static_cast<int16_t>(c));
  wide.resize(64, -10);
  EXPECT_EQ(hear(wav_file({.n_channels = 32}, pcm16(wide))), (std::vector<float>{15.5f / 32768, -10.0f / 32768}));
}

TEST(Sound, OtherSampleFormats) {
  EXPECT_EQ(hear(wav_file({.bits = 8}, std::string("\x00\x80\xff\xc0", 4))),
            (std::vector<float>{-1, 0, 127.0f / 128, 0.5}));
  EXPECT_EQ(hear(wav_file({.bits = 24}, std::string("\x00\x00\x80\x01\x00\x00", 6))),
            (std::vector<float>{-1, 1.0f / 8388608}));
  std::string floats;
  for (const float value : {0.0f, 1.0f, -0.3f, 1.5f, std::numeric_limits<float>::quiet_NaN()})
    floats += number_bytes(std::bit_cast<uint32_t>(value), 4);
  EXPECT_EQ(hear(wav_file({.bits = 32, .is_float = true}, floats)), (std::vector<float>{0, 1, -0.3f, 1.5f, 0}));
}

TEST(Sound, OtherRatesAreResampled) {
  for (const int rate : {8000, 11025, 44100, 48000, 192000}) {
    const std::vector<int16_t> tone = sine(rate / 2, 440.0 / rate);
    const std::vector<float> samples = hear(wav_file({.sample_rate = rate}, pcm16(tone)));
    EXPECT_NEAR(static_cast<double>(samples.size()), kSampleRate / 2.0, 1) << rate;
    // Rounding to 16 bits, and the resampler's 20.
    EXPECT_LT(distance_from_sine(samples, 440, 16000.0 / 32768), 1.0 / 32768) << rate;
  }
}

TEST(Sound, ResamplingRemovesWhatCannotBeHeardAt16Kilohertz) {
  const std::vector<int16_t> tone = sine(48000, 12000.0 / 48000);
  EXPECT_LT(distance_from_sine(hear(wav_file({.sample_rate = 48000}, pcm16(tone))), 440, 0), 1.0 / 32768);
}

TEST(Sound, AFileReadInPiecesIsTheSame) {
  const std::string file = wav_file({.sample_rate = 44100, .n_channels = 2}, pcm16(sine(30000, 0.01)));
  const Source source = sound_source(file);
  const std::vector<float> whole = hear(file);
  for (const size_t piece : {1, 1000, 100'000}) EXPECT_EQ(read_all(*open_sound(source), piece), whole) << piece;
}

TEST(Sound, AStreamIsTheSameAsAFile) {
  const std::string file = wav_file({.sample_rate = 44100}, pcm16(sine(30000, 0.01)));
  EXPECT_EQ(read_all(*open_sound(stream_of(file, 777), "pipe"), 500), hear(file));
}

// Whoever records live hears at once, and a long recording takes no memory: what was read from the stream is never far
// ahead of what was handed out.
TEST(Sound, AStreamIsNotReadAhead) {
  std::string header = wav_file({}, "");
  header.replace(header.size() - 4, 4, "\xff\xff\xff\xff");  // of a length not known yet
  size_t n_read = 0;
  const size_t n_all = 60 * 2 * kSampleRate;
  const auto stream = [&](std::span<std::byte> out) {
    const size_t n = std::min({out.size(), size_t{1600}, n_all - n_read});
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<std::byte>(n_read + i < header.size() ? header[n_read + i] : 0);
    n_read += n;
    return n;
  };
  const auto reader = open_sound(stream, "live");
  std::vector<float> buffer(160);
  size_t n_heard = 0, furthest = 0;
  while (const size_t n = reader->read(buffer)) {
    n_heard += n;
    furthest = std::max(furthest, n_read - 2 * std::min(n_heard, n_read / 2));
  }
  EXPECT_EQ(n_heard, (n_all - header.size()) / 2);
  // FFmpeg looks at 64 KiB of a WAV, in case it is a compressed sound in disguise, and at a few packets.
  EXPECT_LT(furthest, 80u * 1024);
}

TEST(Sound, CompressedFormats) {
  const double amplitude = 16000.0 / 32768;
  const auto flac = hear(clip_file({.format = "flac", .sound_codec = "flac"}));
  EXPECT_EQ(flac, as_floats(sine(16000, 1.0 / 32)));
  const auto ogg = hear(clip_file({.format = "ogg", .sound_codec = "flac"}));
  EXPECT_EQ(ogg, flac);
  // Lossy, and with silence of the encoder's own around it: how loud it is tells that it is the same tone.
  for (const auto& [format, codec] : {std::pair("mp4", "aac"), {"adts", "aac"}, {"matroska", "aac"}, {"avi", "mp2"}}) {
    const auto samples = hear(clip_file({.format = format, .sound_codec = codec, .n_channels = 2}));
    ASSERT_NEAR(static_cast<double>(samples.size()), 16000, 2500) << format;
    double sum = 0;
    for (size_t i = 4000; i < 12000; ++i) sum += samples[i] * samples[i];
    EXPECT_NEAR(std::sqrt(sum / 8000), amplitude / std::numbers::sqrt2, 0.02) << format;
  }
}

TEST(Sound, OfAVideoTheSoundTrack) {
  const std::string file = clip_file({.sound_codec = "flac", .video_codec = "mpeg4", .n_frames = 20});
  EXPECT_EQ(hear(file), as_floats(sine(16000, 1.0 / 32)));
  expect_sound_error(clip_file({.video_codec = "mpeg4", .n_frames = 20}), "there is no sound in it");
}

TEST(Sound, LengthIsLimited) {
  const std::string file = wav_file({}, pcm16(sine(17000, 0.01)));
  EXPECT_NO_THROW(hear(file, {.max_seconds = 1.1}));
  expect_sound_error(file, "at most 1 s are taken", {.max_seconds = 1});
  // Without a length in the header, while decoding.
  expect_sound_error(clip_file({.format = "adts", .sound_codec = "aac"}), "at most 0.5 s are taken",
                     {.max_seconds = 0.5});
}

TEST(Sound, SilenceIsSound) {
  EXPECT_EQ(hear(wav_file({}, std::string(32000, '\0'))), std::vector<float>(16000));
  EXPECT_EQ(*open_sound(sound_source(wav_file({}, std::string(32000, '\0'))))->seconds(), 1.0);
}

TEST(Sound, NoSampleAtAllIsAnError) {
  EXPECT_THROW(hear(wav_file({}, "")), FormatError);
  EXPECT_THROW(hear(clip_file({.sound_codec = "flac", .n_samples = 0})), FormatError);
}

TEST(Sound, WhatWasCutShortGivesItsSamplesOrAnError) {
  const std::vector<float> whole = as_floats(sine(16000, 1.0 / 32));
  const std::string wav = wav_file({}, pcm16(sine(16000, 1.0 / 32)));
  const std::string flac = clip_file({.format = "flac", .sound_codec = "flac"});
  for (const std::string& file : {wav, flac})
    for (size_t n = 1; n < file.size(); n += file.size() / 23) {
      std::vector<float> samples;
      try {
        samples = hear(file.substr(0, n));
      } catch (const FormatError&) {
        continue;
      }
      ASSERT_LT(samples.size(), whole.size());
      ASSERT_TRUE(std::equal(samples.begin(), samples.end(), whole.begin())) << n << " of " << file.size();
    }
  EXPECT_EQ(hear(wav.substr(0, 44 + 2000)).size(), 1000u);
  expect_sound_error(clip_file({.format = "mp4", .sound_codec = "aac"}).substr(0, 3000), "damaged");
}

TEST(Sound, EncryptedFilesAreNamedSo) {
  const std::string file =
      clip_file({.format = "mp4",
                 .sound_codec = "aac",
                 .options = "encryption_scheme=cenc-aes-ctr:encryption_key=00112233445566778899aabbccddeeff:"
                            "encryption_kid=00112233445566778899aabbccddeeff"});
  expect_sound_error(file, "encrypted");
}

TEST(Sound, RatesAndChannelsHaveLimits) {
  expect_sound_error(wav_file({.sample_rate = 10}, pcm16(sine(100, 0.1))),
                     "10 samples a second, expected 1000 to 384000");
  expect_sound_error(wav_file({.n_channels = 65}, std::string(65 * 200, '\0')), "65 channels, expected 1 to 64");
}

TEST(Sound, ContentDecidesWhateverTheName) {
  expect_sound_error(png_file({7, 5}, gradient(7, 5, 3)), "a picture (PNG), expected a sound or a video");
  expect_sound_error("%PDF-1.7 and so on", "a PDF document, expected a sound or a video");
  expect_sound_error("some text, long enough to be looked at", "not a sound or a video");
}

// Playlists and the like name other files and addresses.
TEST(Sound, NothingElseIsOpened) {
  expect_sound_error("#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n", "not a sound or a video");
  expect_sound_error("ffconcat version 1.0\nfile /etc/hostname\n", "not a sound or a video");
}

TEST(Kind, ByContent) {
  EXPECT_EQ(kind_of(sound_source(png_file({7, 5}, gradient(7, 5, 3)))), MediaKind::kImage);
  EXPECT_EQ(kind_of(sound_source(wav_file({}, pcm16({1, 2, 3})))), MediaKind::kSound);
  EXPECT_EQ(kind_of(sound_source(clip_file({.format = "mp4", .sound_codec = "aac"}))), MediaKind::kSound);
  EXPECT_EQ(kind_of(sound_source(clip_file({.sound_codec = "flac"}))), MediaKind::kSound);
  EXPECT_EQ(kind_of(sound_source(clip_file({.sound_codec = "flac", .video_codec = "mpeg4", .n_frames = 3}))),
            MediaKind::kVideo);
  EXPECT_THROW(kind_of(sound_source("%PDF-1.7 and so on")), FormatError);
  EXPECT_THROW(kind_of(sound_source("some text, long enough to be looked at")), FormatError);
}
#else
TEST(Sound, NeedsFfmpeg) {
  try {
    hear(wav_file({}, pcm16({1, 2, 3})));
    FAIL() << "no error";
  } catch (const ResourceError& e) {
    EXPECT_NE(std::string(e.what()).find("-DFACET_FFMPEG=ON"), std::string::npos) << e.what();
  }
}
#endif

}  // namespace
}  // namespace facet::media
