#include "runtime/live_transcriber.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "media/test_sounds.h"
#include "runtime/test_digits.h"

namespace facet::runtime {
namespace {

// Writes down what it is told: "speech 2.8", "turn 3.9", "+7", "=7 (1.1)".
class Notes : public LiveListener {
 public:
  void on_speech(double start) override { lines.push_back(fmt::format("speech {:.1f}", start)); }
  void on_turn(double end) override { lines.push_back(fmt::format("turn {:.1f}", end)); }
  void on_words(std::string_view more) override { lines.push_back(fmt::format("+{}", more)); }
  void on_transcript(const std::string& text, double seconds) override {
    lines.push_back(fmt::format("={} ({:.1f})", text, seconds));
  }
  // Of each turn that is complete.
  std::vector<std::string> transcripts() const {
    std::vector<std::string> out;
    for (const std::string& line : lines)
      if (line[0] == '=') out.push_back(line.substr(1, line.rfind(" (") - 1));
    return out;
  }
  std::string told() const {
    std::string out;
    for (const std::string& line : lines)
      if (line[0] == '+') out += line.substr(1);
    return out;
  }
  std::vector<std::string> lines;
};

class TrainedLive : public DigitsTest {
 protected:
  TrainedLive() { options_.transcribe = asking_for_digits(); }

  void make() { live_.emplace(engine_, options_, notes_); }
  void push_silence(double seconds) {
    live_->push(std::vector<float>(static_cast<size_t>(seconds * media::kSampleRate)));
  }
  void push_digits(const std::string& name) { live_->push(clip(name)); }

  LiveOptions options_;
  Notes notes_;
  std::optional<LiveTranscriber> live_;
};

TEST_F(TrainedLive, SilenceEndsTurnsAndWordsFollow) {
  make();
  push_silence(3);
  push_digits("digits1.wav");  // 0.6 s
  ASSERT_EQ(notes_.lines.size(), 1u) << "told as soon as somebody speaks";
  push_silence(3);
  push_digits("digits2.wav");
  push_silence(1);
  std::string kinds;
  for (const std::string& line : notes_.lines) kinds += line[0];
  EXPECT_EQ(kinds, "st+=st++=");
  EXPECT_EQ(notes_.lines[0], "speech 2.8");
  EXPECT_EQ(notes_.lines[1], "turn 3.8");
  EXPECT_EQ(notes_.told(), "774");
  EXPECT_EQ(notes_.transcripts(), (std::vector<std::string>{"7", "74"}));
}

TEST_F(TrainedLive, WithoutTurnsTheCallerEndsThem) {
  options_.finds_turns = false;
  make();
  EXPECT_FALSE(live_->commit()) << "nothing has come";
  push_digits("digits1.wav");
  push_silence(3);
  EXPECT_TRUE(notes_.lines.empty());
  push_digits("digits2.wav");
  EXPECT_TRUE(live_->commit());
  EXPECT_EQ(notes_.transcripts(), (std::vector<std::string>{"7 74"}));
  EXPECT_EQ(notes_.told(), "7 74");
  EXPECT_FALSE(live_->commit()) << "nothing has come since";
  push_silence(1);
  EXPECT_TRUE(live_->commit());
  EXPECT_EQ(notes_.transcripts().back(), "") << "nobody spoke";
}

TEST_F(TrainedLive, TheCallerMayEndATurnEarlyOrForgetIt) {
  make();
  push_digits("digits2.wav");
  EXPECT_TRUE(live_->commit());
  EXPECT_EQ(notes_.transcripts(), (std::vector<std::string>{"74"}));
  push_silence(1);
  EXPECT_FALSE(live_->commit());
  push_digits("digits1.wav");
  live_->clear();
  EXPECT_FALSE(live_->commit());
  const double before = live_->position();
  push_silence(2);
  push_digits("digits1.wav");
  push_silence(1);
  EXPECT_NEAR(live_->position(), before + 3.6, 0.1);
  EXPECT_EQ(notes_.transcripts(), (std::vector<std::string>{"74", "7"}));
}

TEST_F(TrainedLive, SpeechWithoutPausesIsCutIntoTurns) {
  make();
  media::TestSound sound(-70);
  sound.silence(1).speech(40, -20).silence(1);
  live_->push(sound.samples());
  EXPECT_GE(notes_.transcripts().size(), 2u);
  size_t n_speech = 0;
  for (const std::string& line : notes_.lines) n_speech += line.starts_with("speech") ? 1 : 0;
  EXPECT_EQ(n_speech, notes_.transcripts().size()) << "each turn begins and ends";
}

TEST_F(TrainedLive, IsCancelledAndThenUsable) {
  std::atomic<bool> cancel{true};
  options_.transcribe.cancel = &cancel;
  make();
  push_digits("digits1.wav");
  EXPECT_THROW(push_silence(2), CancelledError);
  cancel = false;
  live_->clear();
  push_silence(1);
  push_digits("digits1.wav");
  push_silence(1);
  EXPECT_EQ(notes_.transcripts(), (std::vector<std::string>{"7"}));
}

}  // namespace
}  // namespace facet::runtime
