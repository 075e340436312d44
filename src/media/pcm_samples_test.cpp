#include "media/pcm_samples.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "media/sound.h"

namespace facet::media {
namespace {

std::vector<std::byte> pcm_of(const std::vector<int16_t>& samples) {
  std::vector<std::byte> bytes;
  for (const int16_t sample : samples) {
    bytes.push_back(static_cast<std::byte>(sample & 0xff));
    bytes.push_back(static_cast<std::byte>(sample >> 8 & 0xff));
  }
  return bytes;
}

std::vector<float> decode(int rate, const std::vector<std::byte>& bytes, size_t step) {
  PcmSamples pcm(rate);
  std::vector<float> out;
  for (size_t i = 0; i < bytes.size(); i += step)
    pcm.push(std::span(bytes).subspan(i, std::min(step, bytes.size() - i)), out);
  pcm.flush(out);
  return out;
}

TEST(PcmSamples, AreDividedAndMayBeCutAnywhere) {
  const auto bytes = pcm_of({0, 1, -1, 32767, -32768, 256});
  const std::vector<float> expected{0, 1 / 32768.f, -1 / 32768.f, 32767 / 32768.f, -1, 1 / 128.f};
  EXPECT_EQ(decode(kSampleRate, bytes, 100), expected);
  EXPECT_EQ(decode(kSampleRate, bytes, 1), expected);
  EXPECT_EQ(decode(kSampleRate, bytes, 3), expected);
}

#ifdef FACET_SOXR
TEST(PcmSamples, OfAnotherRateAreTheSameSound) {
  std::vector<int16_t> tone(24'000);
  for (size_t i = 0; i < tone.size(); ++i)
    tone[i] =
        static_cast<int16_t>(std::lround(16384 * std::sin(2 * 3.14159265 * 440 * static_cast<double>(i) / 24'000)));
  const auto bytes = pcm_of(tone);
  const auto whole = decode(24'000, bytes, bytes.size()), pieces = decode(24'000, bytes, 777);
  ASSERT_EQ(whole.size(), 16'000u) << "nothing is missing at the end";
  EXPECT_EQ(pieces, whole);
  for (size_t i = 1000; i < 15'000; ++i)
    ASSERT_NEAR(whole[i], 0.5 * std::sin(2 * 3.14159265 * 440 * static_cast<double>(i) / 16'000), 1e-3) << i;
}

TEST(PcmSamples, GoOnBehindAFlush) {
  const auto bytes = pcm_of(std::vector<int16_t>(2400, 1000));
  PcmSamples pcm(24'000);
  std::vector<float> out;
  for (int i = 0; i < 3; ++i) {
    pcm.push(bytes, out);
    pcm.flush(out);
  }
  EXPECT_EQ(out.size(), 3 * 1600u);
}
#endif

}  // namespace
}  // namespace facet::media
