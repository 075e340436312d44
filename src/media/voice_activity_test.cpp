#include "media/voice_activity.h"

#include <gtest/gtest.h>

#include <limits>

#include "media/test_sounds.h"

namespace facet::media {
namespace {

struct Span {
  double start, end;
};

// Where speech was found, in seconds.
std::vector<Span> find_speech(const std::vector<float>& samples) {
  VoiceActivity voice;
  std::vector<Span> found;
  bool before = false;
  for (size_t i = 0; i + kVoiceFrame <= samples.size(); i += kVoiceFrame) {
    const bool now = voice.push(std::span(samples).subspan(i, kVoiceFrame)).is_speech;
    const double t = static_cast<double>(i) / 16000;
    if (now && !before) found.push_back({t, t});
    if (now) found.back().end = t + 0.01;
    before = now;
  }
  return found;
}

// How much of the sound counts as speech.
double share(const std::vector<float>& samples) {
  double seconds = 0;
  for (const Span& s : find_speech(samples)) seconds += s.end - s.start;
  return seconds * 16000 / static_cast<double>(samples.size());
}

// Speech is known 50 ms after its beginning at the earliest, and seen by a window of 32 ms; it is held for 200 ms.
void expect_spans(const std::vector<Span>& found, const std::vector<Span>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i].start, expected[i].start + 0.05, 0.05) << i;
    EXPECT_NEAR(found[i].end, expected[i].end + 0.2, 0.1) << i;
  }
}

TEST(VoiceActivity, FindsSpeechInNoise) {
  for (const double noise : {-90.0, -60.0, -40.0}) {
    SCOPED_TRACE(noise);
    TestSound sound(noise);
    sound.silence(2).speech(1.95, -15).silence(1).speech(0.55, -15).silence(3).speech(5.95, -15).silence(1);
    expect_spans(find_speech(sound.samples()), {{2, 3.95}, {4.95, 5.5}, {8.5, 14.45}});
  }
}

TEST(VoiceActivity, FindsQuietSpeechInQuiet) {
  TestSound sound(-85);
  sound.silence(1).speech(1.95, -50).silence(1);
  expect_spans(find_speech(sound.samples()), {{1, 2.95}});
}

TEST(VoiceActivity, FindsSpeechThatBeginsAtOnce) {
  for (const double level : {-10.0, -30.0}) {
    TestSound sound(-70);
    sound.speech(3.95, level).silence(1);
    expect_spans(find_speech(sound.samples()), {{0, 3.95}});
  }
}

TEST(VoiceActivity, GoesOnThroughLongSpeech) {
  TestSound sound(-50);
  sound.silence(1).speech(30, -20);
  EXPECT_GT(share(sound.samples()), 0.95);
}

TEST(VoiceActivity, HearsNothingInSilenceAndSteadyNoise) {
  EXPECT_EQ(share(std::vector<float>(160'000)), 0);
  for (const double noise : {-90.0, -60.0, -45.0})
    EXPECT_EQ(share(TestSound(noise, 7).silence(40).samples()), 0) << noise;
}

TEST(VoiceActivity, TakesLoudNoiseForBackgroundAfterThreeSeconds) {
  TestSound sound(-20);
  sound.silence(30);
  const auto found = find_speech(sound.samples());
  ASSERT_LE(found.size(), 1u);
  EXPECT_LT(found.empty() ? 0 : found[0].end, 3.5);
}

TEST(VoiceActivity, TakesAToneThatComesForSpeechAndOneThatStaysForBackground) {
  TestSound sound(-50);
  sound.silence(3).tone(1, 440, -20).silence(2);
  expect_spans(find_speech(sound.samples()), {{3, 4}});
  TestSound hum(-50);
  hum.tone(20, 440, -20);
  const auto found = find_speech(hum.samples());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LT(found[0].end, 3.5);
}

// A recording that begins with the silence of no recording, and is switched on.
TEST(VoiceActivity, NoiseAfterDigitalSilenceIsNoSpeech) {
  std::vector<float> samples(32000);
  const TestSound noise = TestSound(-55).silence(10);
  samples.insert(samples.end(), noise.samples().begin(), noise.samples().end());
  EXPECT_EQ(share(samples), 0);
}

// Calls and edited recordings are silent between words.
TEST(VoiceActivity, FindsToneLikeSpeechBetweenDigitalSilence) {
  std::vector<float> samples;
  for (int i = 0; i < 20; ++i) {
    const TestSound tone = TestSound(-90).tone(0.5, 300, -20);
    samples.insert(samples.end(), tone.samples().begin(), tone.samples().end());
    samples.resize(samples.size() + 8000);
  }
  EXPECT_EQ(find_speech(samples).size(), 20u);
}

TEST(VoiceActivity, HumOfTheMainsIsNothing) {
  TestSound sound(-60);
  sound.silence(2).tone(1, 50, -35).silence(2);
  EXPECT_EQ(share(sound.samples()), 0);
}

TEST(VoiceActivity, ClicksAreNoSpeech) {
  TestSound sound(-60);
  sound.silence(10);
  std::vector<float> samples = sound.samples();
  for (size_t i = 16000; i < samples.size(); i += 16000) samples[i] = 0.9f;
  EXPECT_EQ(share(samples), 0);
}

TEST(VoiceActivity, SurvivesWhatIsNoNumber) {
  std::vector<float> samples(16000, std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < samples.size(); i += 3) samples[i] = std::numeric_limits<float>::infinity();
  TestSound after(-60);
  after.silence(2).speech(1.95, -15).silence(1);
  samples.insert(samples.end(), after.samples().begin(), after.samples().end());
  expect_spans(find_speech(samples), {{3, 4.95}});
}

}  // namespace
}  // namespace facet::media
