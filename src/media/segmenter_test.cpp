#include "media/segmenter.h"

#include <gtest/gtest.h>

#include "media/test_sounds.h"

namespace facet::media {
namespace {

// Pushed in pieces of n samples, as a reader gives them.
std::vector<Segment> segments(std::span<const float> samples, size_t n = 1000, const SegmenterOptions& options = {}) {
  Segmenter segmenter(options);
  std::vector<Segment> out;
  const auto take = [&] {
    if (auto segment = segmenter.take()) out.push_back(std::move(*segment));
  };
  for (size_t i = 0; i < samples.size();) {
    i += segmenter.push(samples.subspan(i, std::min(n, samples.size() - i)));
    take();
  }
  size_t n_before = 0;
  do {
    n_before = out.size();
    segmenter.finish();
    take();
  } while (out.size() > n_before);
  return out;
}

double start(const Segment& s) { return static_cast<double>(s.start) / 16000; }
double end(const Segment& s) { return static_cast<double>(s.end()) / 16000; }

// The samples of a segment are those of the sound at its place.
void expect_samples(const std::vector<Segment>& found, std::span<const float> sound) {
  for (const Segment& s : found) {
    ASSERT_LE(static_cast<size_t>(s.end()), sound.size());
    EXPECT_TRUE(std::equal(s.samples.begin(), s.samples.end(), sound.begin() + s.start)) << s.start;
  }
}

struct Span {
  double start, end;
};

// Padding is 0.25 s; beginnings and ends of speech are found within 0.1 s.
void expect_spans(const std::vector<Segment>& found, const std::vector<Span>& speech) {
  ASSERT_EQ(found.size(), speech.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(start(found[i]), speech[i].start - 0.25, 0.1) << i;
    EXPECT_NEAR(end(found[i]), speech[i].end + 0.25, 0.1) << i;
  }
}

TEST(Segmenter, CutsAtLongPauses) {
  TestSound sound(-60);
  sound.silence(3)
      .speech(2.95, -15)
      .silence(2)
      .speech(3.95, -15)
      .silence(0.8)
      .speech(1.95, -15)
      .silence(60)
      .speech(0.95, -15)
      .silence(2);
  const auto found = segments(sound.samples());
  expect_spans(found, {{3, 5.95}, {7.95, 14.65}, {74.65, 75.6}});
  expect_samples(found, sound.samples());
  for (const Segment& s : found) EXPECT_FALSE(s.begins_inside || s.ends_inside);
}

TEST(Segmenter, EndsSegmentsOfThePreferredLengthAtTheNextPause) {
  TestSound sound(-60);
  for (int i = 0; i < 6; ++i) sound.silence(0.7).speech(4.95, -15);
  sound.silence(1);
  // 0.7 to 17.05 is the first run that has 12 s; then as much again.
  expect_spans(segments(sound.samples()), {{0.7, 16.95}, {17.65, 33.9}});
}

TEST(Segmenter, CutsAtTheLongestPauseWhereNoneIsLongEnough) {
  TestSound sound(-60);
  sound.silence(1).speech(14.95, -15).silence(0.25).speech(5.95, -15).silence(0.4).speech(15.95, -15).silence(2);
  const auto found = segments(sound.samples());
  ASSERT_EQ(found.size(), 2u);
  // The pause is heard up to 50 ms longer, by the gap after the last syllable.
  EXPECT_NEAR(end(found[0]), 1 + 14.95 + 0.25 + 5.95 + 0.2, 0.1);
  EXPECT_EQ(found[0].end(), found[1].start);
  EXPECT_FALSE(found[0].ends_inside || found[1].begins_inside);
  expect_samples(found, sound.samples());
}

TEST(Segmenter, OverlapsWhereItHadToCutSpeech) {
  TestSound sound(-40);
  sound.silence(1).speech(70, -15).silence(2);
  // The gaps between syllables are 50 ms, too short to cut at.
  const auto found = segments(sound.samples());
  ASSERT_EQ(found.size(), 3u);
  EXPECT_FALSE(found[0].begins_inside);
  for (size_t i = 1; i < found.size(); ++i) {
    EXPECT_TRUE(found[i - 1].ends_inside && found[i].begins_inside);
    EXPECT_EQ(found[i - 1].end() - found[i].start, 16000);
    EXPECT_GE(found[i - 1].samples.size(), 26u * 16000);
    EXPECT_LE(found[i - 1].samples.size(), 29u * 16000);
  }
  EXPECT_FALSE(found.back().ends_inside);
  EXPECT_NEAR(end(found.back()), 71.25, 0.1);
  expect_samples(found, sound.samples());
}

TEST(Segmenter, LeavesNoSpeechOut) {
  TestSound sound(-50, 5);
  std::vector<Span> spoken;
  std::mt19937 random(3);
  std::uniform_real_distribution<double> length(0.35, 9), gap(0.1, 3);
  for (int i = 0; i < 25; ++i) {
    sound.silence(gap(random));
    const double at = sound.seconds();
    sound.speech(length(random), -18);
    spoken.push_back({at, sound.seconds()});
  }
  sound.silence(1);
  const auto found = segments(sound.samples(), 12345);
  expect_samples(found, sound.samples());
  for (const Span& s : spoken) {
    double t = s.start;
    for (const Segment& f : found)
      if (start(f) <= t) t = std::max(t, end(f));
    EXPECT_GE(t, s.end - 0.05) << s.start;
  }
  for (const Segment& f : found) EXPECT_LE(f.samples.size(), 29u * 16000);
}

TEST(Segmenter, DoesNotDependOnThePieces) {
  TestSound sound(-50);
  sound.silence(1).speech(33, -20).silence(3).speech(2, -20);
  const auto one = segments(sound.samples(), sound.samples().size());
  ASSERT_GT(one.size(), 2u);
  for (const size_t n : {1, 159, 160, 4096}) {
    const auto other = segments(sound.samples(), n);
    ASSERT_EQ(other.size(), one.size());
    for (size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(other[i].start, one[i].start);
      EXPECT_EQ(other[i].samples, one[i].samples);
    }
  }
}

TEST(Segmenter, GivesNothingOfSilenceNoiseAndClicks) {
  EXPECT_TRUE(segments({}).empty());
  EXPECT_TRUE(segments(std::vector<float>(100)).empty());
  EXPECT_TRUE(segments(std::vector<float>(800'000)).empty());
  EXPECT_TRUE(segments(TestSound(-50).silence(30).samples()).empty());
  // A knock of 60 ms.
  EXPECT_TRUE(segments(TestSound(-60).silence(2).tone(0.03, 300, -10).silence(3).samples()).empty());
}

TEST(Segmenter, EndsWithTheSound) {
  TestSound sound(-60);
  sound.silence(1).speech(1.95, -15);
  std::vector<float> samples = sound.samples();
  samples.resize(samples.size() - 77);  // not a whole number of frames
  const auto found = segments(samples);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GE(static_cast<size_t>(found[0].end()), samples.size() - 1000);
  expect_samples(found, samples);
}

TEST(Segmenter, LosesNothingWhereTheLastSamplesMakeASegmentTooLong) {
  TestSound sound(-40);
  sound.silence(0.2).speech(28.8, -15);
  ASSERT_EQ(sound.samples().size(), 29u * 16000);
  for (const size_t missing : {1, 80, 159}) {
    const auto samples = std::span(sound.samples()).first(sound.samples().size() - missing);
    const auto found = segments(samples, 16000);
    ASSERT_EQ(found.size(), 2u) << missing;
    EXPECT_TRUE(found[0].ends_inside && found[1].begins_inside) << missing;
    EXPECT_EQ(found[0].end() - found[1].start, 16000) << missing;
    EXPECT_EQ(static_cast<size_t>(found[1].end()), samples.size()) << missing;
    expect_samples(found, samples);
  }
}

TEST(Segmenter, ShowsWhatIsOpen) {
  TestSound sound(-60);
  sound.silence(2).speech(3, -15);
  Segmenter segmenter;
  const std::span<const float> samples(sound.samples());
  segmenter.push(samples.first(32000));
  EXPECT_TRUE(segmenter.open_samples().empty());
  segmenter.push(samples.subspan(32000));
  EXPECT_FALSE(segmenter.take());
  EXPECT_NEAR(static_cast<double>(segmenter.open_start()) / 16000, 1.75, 0.1);
  EXPECT_EQ(segmenter.open_start() + static_cast<int64_t>(segmenter.open_samples().size()), 80000);
  EXPECT_EQ(segmenter.position(), 80000);
  // It grows with speech alone.
  const std::vector<float> silence(16000);
  segmenter.push(silence);
  EXPECT_NEAR(static_cast<double>(segmenter.open_samples().size()), 3.5 * 16000, 0.1 * 16000);
}

TEST(Segmenter, HoldsNoMoreOfTenMinutesThanOfOne) {
  Segmenter segmenter;
  size_t most = 0;
  int n = 0;
  TestSound talk(-50);
  talk.silence(0.3).speech(40, -20).silence(2.7).speech(16.9, -20);  // about a minute
  for (int minute = 0; minute < 10; ++minute) {
    for (size_t i = 0; i < talk.samples().size();) {
      i += segmenter.push(std::span(talk.samples()).subspan(i));
      most = std::max(most, segmenter.held_bytes());
      if (segmenter.take()) ++n;
    }
    // Two segments of 29 s, open and complete, a float a sample; and what is known of 2,900 frames.
    EXPECT_LE(most, 2u * 29 * 16000 * 4 + 2901 * sizeof(VoiceFrame) + 2000);
  }
  EXPECT_GE(n, 20);
  EXPECT_NEAR(static_cast<double>(segmenter.position()) / 16000, 599, 1);
}

TEST(Segmenter, HasSpeechOnceItIsMoreThanANoise) {
  TestSound sound(-70);
  sound.silence(1).speech(0.5, -20);
  Segmenter segmenter;
  const std::span<const float> samples = sound.samples();
  bool was_open = false;
  for (size_t at = 0; at < samples.size() && !segmenter.has_speech(); at += kVoiceFrame) {
    was_open = was_open || !segmenter.open_samples().empty();
    segmenter.push(samples.subspan(at, kVoiceFrame));
  }
  EXPECT_TRUE(was_open) << "of what has just begun it is not known";
  ASSERT_TRUE(segmenter.has_speech());
  segmenter.finish();
  EXPECT_FALSE(segmenter.has_speech());
  EXPECT_TRUE(segmenter.take());
}

}  // namespace
}  // namespace facet::media
