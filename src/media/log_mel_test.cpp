#include "media/log_mel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "base/error.h"
#include "media/mel_filters.h"

namespace facet::media {
namespace {

constexpr double kTolerance = 1e-5;  // the expected values are printed with five digits
const float kSilence = std::log(0.001f);

std::vector<float> tone(double hz, double loudness, size_t n) {
  std::vector<float> samples(n);
  for (size_t i = 0; i < n; ++i)
    samples[i] = static_cast<float>(loudness * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 16000));
  return samples;
}

float at(const LogMel& m, int frame, int bin) { return m.values.at(static_cast<size_t>(frame * kMelBins + bin)); }

TEST(LogMel, HearsATone) {
  const LogMel m = log_mel(tone(1000, 0.5, 1600));
  ASSERT_EQ(m.n_frames, 9);
  ASSERT_EQ(m.values.size(), size_t{9 * kMelBins});
  const struct {
    int bin;
    double first, later;
  } expected[] = {{0, -6.90776, -6.90776}, {1, -0.03515, -5.72251},  {20, -0.35802, -6.04509},
                  {43, 2.84524, 3.12739},  {44, 3.01294, 3.63048},   {45, 3.00698, 3.60519},
                  {46, 2.81772, 3.00765},  {64, -0.11800, -5.39235}, {127, -1.32641, -6.89088}};
  for (const auto& e : expected) {
    EXPECT_NEAR(at(m, 0, e.bin), e.first, kTolerance) << e.bin;
    for (int frame = 1; frame < 9; ++frame) EXPECT_NEAR(at(m, frame, e.bin), e.later, kTolerance) << e.bin;
  }
}

TEST(LogMel, HearsAClickInOneFrameAlone) {
  std::vector<float> samples(800);
  samples[0] = 1;
  const LogMel m = log_mel(samples);
  ASSERT_EQ(m.n_frames, 4);
  const struct {
    int bin;
    double value;
  } expected[] = {{0, -6.90776}, {1, -0.26526}, {2, -1.44820}, {64, 0.39843}, {127, 1.66982}};
  for (const auto& e : expected) EXPECT_NEAR(at(m, 0, e.bin), e.value, kTolerance) << e.bin;
  for (size_t i = kMelBins; i < m.values.size(); ++i) EXPECT_FLOAT_EQ(m.values[i], kSilence);
}

TEST(LogMel, OfSilenceIsTheFloor) {
  const LogMel m = log_mel(std::vector<float>(kMinClipSamples));
  EXPECT_EQ(m.n_frames, 1);
  for (const float v : m.values) EXPECT_FLOAT_EQ(v, kSilence);
}

// Frames are made several at a time; what they hold must not depend on how many there are.
TEST(LogMel, OfALongerClipBeginsLikeThatOfAShorter) {
  std::vector<float> samples(5000);
  std::minstd_rand random(1);
  for (float& s : samples) s = static_cast<float>(random() % 2001) / 1000 - 1;
  const LogMel whole = log_mel(samples);
  for (size_t n = kMinClipSamples; n < samples.size(); n += 97) {
    const LogMel part = log_mel(std::span(samples).first(n));
    ASSERT_EQ(part.n_frames, n_log_mel_frames(n));
    EXPECT_TRUE(std::equal(part.values.begin(), part.values.end(), whole.values.begin())) << n;
  }
}

TEST(LogMel, RefusesClipsThatAreTooShortOrTooLong) {
  EXPECT_THROW(log_mel({}), RequestError);
  EXPECT_THROW(log_mel(std::vector<float>(kMinClipSamples - 1)), RequestError);
  EXPECT_THROW(log_mel(std::vector<float>(kMaxClipSamples + 1)), RequestError);
  EXPECT_EQ(log_mel(std::vector<float>(kMaxClipSamples)).n_frames, 2999);
}

TEST(AudioTokens, FollowFromTheSamples) {
  const struct {
    size_t n_samples;
    int n_frames, n_tokens;
  } cases[] = {{0, 0, 0},          {1, 0, 0},        {160, 0, 0},       {161, 1, 1},        {176, 1, 1},
               {320, 1, 1},        {640, 3, 1},      {656, 4, 1},       {800, 4, 1},        {801, 5, 2},
               {1600, 9, 3},       {8000, 49, 13},   {16000, 99, 25},   {16001, 100, 25},   {38560, 240, 60},
               {48000, 299, 75},   {48800, 304, 76}, {99360, 620, 155}, {160000, 999, 250}, {480000, 2999, 750},
               {640000, 2999, 750}};
  for (const auto& c : cases) {
    EXPECT_EQ(n_log_mel_frames(c.n_samples), c.n_frames) << c.n_samples;
    EXPECT_EQ(n_audio_tokens(c.n_samples), c.n_tokens) << c.n_samples;
  }
}

TEST(AudioTokens, OfRawFramesCountThePaddedOne) {
  EXPECT_EQ(n_raw_audio_tokens(0), 0);
  EXPECT_EQ(n_raw_audio_tokens(1), 1);
  EXPECT_EQ(n_raw_audio_tokens(640), 1);
  EXPECT_EQ(n_raw_audio_tokens(38560), 61);
  EXPECT_EQ(n_raw_audio_tokens(496000), 775);
}

TEST(MelFilters, AreTrianglesOnTheMelScale) {
  const auto filters = mel_filters();
  ASSERT_EQ(filters.size(), size_t{kMelBins});
  EXPECT_TRUE(filters[0].weights.empty());
  const struct {
    size_t filter, first;
    std::vector<double> weights;
  } expected[] = {{1, 1, {0.766007675}},
                  {2, 1, {0.233992325}},
                  {3, 2, {0.624370147}},
                  {4, 2, {0.375629853}},
                  {64, 56, {0.128485550, 0.776707883, 0.583290187}}};
  for (const auto& e : expected) {
    EXPECT_EQ(filters[e.filter].first, e.first);
    ASSERT_EQ(filters[e.filter].weights.size(), e.weights.size());
    for (size_t i = 0; i < e.weights.size(); ++i) EXPECT_NEAR(filters[e.filter].weights[i], e.weights[i], 1e-7);
  }
  EXPECT_EQ(filters[126].first, size_t{241});
  EXPECT_EQ(filters[126].weights.size(), size_t{10});
  EXPECT_NEAR(filters[126].weights[4], 0.935759330, 1e-7);
  EXPECT_NEAR(filters[127].weights[5], 0.928379047, 1e-7);
}

// Against the definition: the sum of samples times exp(-2 pi i k n / 512).
TEST(RealFft, IsTheFourierTransform) {
  std::vector<Lanes<double>> x(320);
  std::vector<Lanes<float>> out(kFftBins);
  std::minstd_rand random(7);
  for (Lanes<double>& lanes : x)
    for (double& v : lanes) v = static_cast<double>(random() % 2001) / 1000 - 1;
  RealFft().magnitudes(x.data(), x.size(), out.data());
  for (size_t k = 0; k < kFftBins; ++k)
    for (size_t l = 0; l < kFftLanes; ++l) {
      double re = 0, im = 0;
      for (size_t n = 0; n < x.size(); ++n) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(k * n % kFftSize) / kFftSize;
        re += x[n][l] * std::cos(angle);
        im += x[n][l] * std::sin(angle);
      }
      EXPECT_FLOAT_EQ(out[k][l], static_cast<float>(std::hypot(re, im))) << k;
    }
}

}  // namespace
}  // namespace facet::media
