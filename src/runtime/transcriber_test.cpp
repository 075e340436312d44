#include "runtime/transcriber.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "runtime/test_digits.h"

namespace facet::runtime {
namespace {

constexpr double kRate = media::kSampleRate;

// Pieces with silence before each and after the last.
std::vector<float> recording(const std::vector<std::vector<float>>& pieces, double silence) {
  const std::vector<float> gap(static_cast<size_t>(silence * kRate));
  std::vector<float> out = gap;
  for (const auto& piece : pieces) {
    out.insert(out.end(), piece.begin(), piece.end());
    out.insert(out.end(), gap.begin(), gap.end());
  }
  return out;
}

// A voice without words: half a second of it, then 0.7 s of silence.
std::vector<float> babble(double seconds) {
  std::vector<float> out(static_cast<size_t>(seconds * kRate));
  for (size_t i = 0; i < out.size(); ++i) {
    const double t = static_cast<double>(i) / kRate;
    if (std::fmod(t, 1.2) >= 0.5) continue;
    for (int h = 1; h < 9; ++h) out[i] += static_cast<float>(0.05 * std::sin(2 * 3.14159 * 130 * h * t));
  }
  return out;
}

std::vector<TranscribedSegment> transcribe(Transcriber& transcriber, std::span<const float> sound,
                                           size_t piece = 4000) {
  std::vector<TranscribedSegment> out;
  const auto on_segment = [&](const TranscribedSegment& s) { out.push_back(s); };
  for (size_t i = 0; i < sound.size(); i += piece)
    transcriber.push(sound.subspan(i, std::min(piece, sound.size() - i)), on_segment);
  transcriber.finish(on_segment);
  return out;
}

TEST(TranscriptionInstruction, IsTheModelCards) {
  TranscribeOptions options;
  options.language = "German";
  EXPECT_EQ(
      transcription_instruction(options),
      "Transcribe the following speech segment in German into German text.\n\n"
      "Follow these specific instructions for formatting the answer:\n"
      "* Only output the transcription, with no newlines.\n"
      "* When transcribing numbers, write the digits, i.e. write 1.7 and not one point seven, and write 3 instead of "
      "three.");
  options.translate_to = "French";
  EXPECT_EQ(transcription_instruction(options),
            "Transcribe the following speech segment in German, then translate it into French.\n"
            "When formatting the answer, first output the transcription in German, then one newline, then output the "
            "string 'French: ', then the translation in French.");
  options.instruction = "Which digits do you hear?";
  EXPECT_EQ(transcription_instruction(options), options.instruction);
  EXPECT_EQ(transcription_instruction({}).find("Transcribe the following speech segment in its original language.\n\n"),
            0u);
}

class TrainedTranscriber : public DigitsTest {
 protected:
  TranscribeOptions options_ = asking_for_digits();
};

TEST_F(TrainedTranscriber, HearsWhatIsSaidAndWhen) {
  const auto one = clip("digits1.wav"), two = clip("digits2.wav");
  Transcriber transcriber(engine_, "digits", options_);
  const auto sound = recording({one, two, one, two}, 3);
  const auto segments = transcribe(transcriber, sound);
  ASSERT_EQ(segments.size(), 4u);
  const double lengths[] = {one.size() / kRate, two.size() / kRate};
  double at = 3;
  for (size_t i = 0; i < segments.size(); ++i) {
    EXPECT_EQ(segments[i].text, i % 2 == 0 ? "7" : "74") << i;
    EXPECT_FALSE(segments[i].is_cut);
    // The clips begin with a tenth of a second of silence, and end with as much.
    EXPECT_NEAR(segments[i].start, at - 0.1, 0.15) << i;
    EXPECT_NEAR(segments[i].end, at + lengths[i % 2] + 0.1, 0.2) << i;
    at += lengths[i % 2] + 3;
  }
  EXPECT_EQ(transcriber.stats().n_segments, 4);
  EXPECT_NEAR(transcriber.position(), static_cast<double>(sound.size()) / kRate, 0.01);
}

TEST_F(TrainedTranscriber, ListensToWhatIsNotComplete) {
  Transcriber transcriber(engine_, "digits", options_);
  const auto sound = recording({clip("digits2.wav")}, 0.5);
  const auto never = [](const TranscribedSegment&) { FAIL() << "nothing is complete"; };
  transcriber.push(std::span(sound).first(4000), never);
  EXPECT_FALSE(transcriber.listen());
  transcriber.push(std::span(sound).subspan(4000), never);
  std::vector<std::string> written;
  const auto open = transcriber.listen([&](const std::string& so_far) { written.push_back(so_far); });
  ASSERT_TRUE(open);
  EXPECT_EQ(open->text, "74");
  ASSERT_FALSE(written.empty());
  EXPECT_EQ(written.back(), "74");
  // It is heard again when it is complete.
  std::vector<std::string> complete;
  transcriber.finish([&](const TranscribedSegment& s) { complete.push_back(s.text); });
  EXPECT_EQ(complete, std::vector<std::string>{"74"});
  EXPECT_FALSE(transcriber.listen());
}

TEST_F(TrainedTranscriber, ShowsWhatIsHeldBeforeWhatIsOpen) {
  options_.segments.longest = 6;
  Transcriber transcriber(engine_, "babble", options_);
  const auto never = [](const TranscribedSegment&) { FAIL() << "nothing is complete"; };
  const auto sound = babble(7.5);
  transcriber.push(std::span(sound).first(16000), never);
  EXPECT_FALSE(transcriber.held());
  transcriber.push(std::span(sound).subspan(16000), never);
  ASSERT_TRUE(transcriber.held());
  const TranscribedSegment held = *transcriber.held();
  const auto open = transcriber.listen();
  ASSERT_TRUE(open);
  EXPECT_EQ(open->start, held.start);
  EXPECT_GT(open->end, held.end);
  EXPECT_EQ(transcriber.held()->text, held.text);  // looking changes nothing
  std::vector<double> starts;
  transcriber.finish([&](const TranscribedSegment& s) { starts.push_back(s.start); });
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_EQ(starts.front(), held.start);
  EXPECT_FALSE(transcriber.held());
}

TEST_F(TrainedTranscriber, SilenceSaysNothing) {
  Transcriber transcriber(engine_, "silence", options_);
  EXPECT_TRUE(transcribe(transcriber, std::vector<float>(160'000)).empty());
  EXPECT_TRUE(transcribe(transcriber, {}).empty());
  EXPECT_EQ(transcriber.stats().n_tokens, 0);
}

TEST_F(TrainedTranscriber, TheSameTextWhateverThePieces) {
  const auto sound = recording({clip("digits1.wav"), clip("digits3.wav")}, 2);
  Transcriber at_once(engine_, "a", options_), in_pieces(engine_, "b", options_);
  const auto expected = transcribe(at_once, sound, sound.size()), got = transcribe(in_pieces, sound, 333);
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].text, expected[i].text);
    EXPECT_EQ(got[i].start, expected[i].start);
  }
}

class RandomTranscriber : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }
  static std::shared_ptr<const Engine> load(const std::string& family, int context = 2048) {
    EngineOptions options = tiny_options();
    options.context = context;
    return Engine::load(tiny_path(family), options);
  }
  static std::string refusal(const std::shared_ptr<const Engine>& engine) {
    try {
      Transcriber transcriber(engine, "talk.mp3");
    } catch (const RequestError& e) {
      return e.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return "";
  }
};

TEST_F(RandomTranscriber, AsksInTheModelsOwnWayAndEndsItsAnswers) {
  for (const std::string family : {"tiny-e2b", "tiny-12b"}) {
    TranscribeOptions options;
    options.max_tokens = 5;
    options.show_context = true;
    Transcriber transcriber(load(family), "babble", options);
    const auto segments = transcribe(transcriber, babble(40));
    ASSERT_GE(segments.size(), 3u) << family;
    for (const auto& s : segments) {
      EXPECT_LE(s.end - s.start, 29);
      EXPECT_EQ(s.text.find('\n'), std::string::npos);
    }
    const TranscriberStats stats = transcriber.stats();
    EXPECT_LE(stats.n_tokens, 5 * stats.n_segments);
    EXPECT_EQ(stats.media.n_encoded, stats.n_segments);
  }
}

TEST_F(RandomTranscriber, RefusesModelsThatCannotHearAndContextsThatAreTooSmall) {
  const std::string deaf = refusal(load("tiny-31b"));
  EXPECT_NE(deaf.find("talk.mp3"), std::string::npos) << deaf;
  EXPECT_NE(deaf.find("cannot hear"), std::string::npos) << deaf;
  const std::string small = refusal(load("tiny-e2b", 512));
  EXPECT_NE(small.find("512"), std::string::npos) << small;
}

TEST_F(RandomTranscriber, StopsWhenItIsToldTo) {
  std::atomic<bool> cancel{false};
  TranscribeOptions options;
  options.max_tokens = 3;
  options.cancel = &cancel;
  Transcriber transcriber(load("tiny-e2b"), "babble", options);
  const auto sound = babble(60);
  int n = 0;
  EXPECT_THROW(transcriber.push(sound,
                                [&](const TranscribedSegment&) {
                                  ++n;
                                  cancel = true;
                                }),
               CancelledError);
  EXPECT_EQ(n, 1);
}

}  // namespace
}  // namespace facet::runtime
