#include "apps/transcript/live.h"

#include <gtest/gtest.h>

#include <atomic>

#include "apps/transcript/live_sound.h"
#include "base/error.h"
#include "base/test_data.h"
#include "media/source.h"

namespace facet::apps {
namespace {

using namespace std::chrono_literals;

// Gives sound as fast as it would be spoken, or as fast as it is taken.
class FakeMicrophone final : public media::SoundReader {
 public:
  FakeMicrophone(std::vector<float> sound, double speed) : sound_(std::move(sound)), speed_(speed) {}

  size_t read(std::span<float> out) override {
    const size_t n = std::min({out.size(), sound_.size() - at_, size_t{1600}});
    std::copy_n(sound_.begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
    at_ += n;
    if (speed_ > 0) std::this_thread::sleep_for(std::chrono::duration<double>(static_cast<double>(n) / 16000 / speed_));
    return n;
  }

 private:
  std::vector<float> sound_;
  double speed_;
  size_t at_ = 0;
};

class BrokenMicrophone final : public media::SoundReader {
 public:
  size_t read(std::span<float> out) override {
    if (std::exchange(was_read_, true)) throw ResourceError("the microphone is gone");
    std::fill(out.begin(), out.end(), 0.25f);
    return out.size();
  }

 private:
  bool was_read_ = false;
};

TEST(LiveSound, LosesNothingAndKeepsTheOrder) {
  std::vector<float> sound(100'000);
  for (size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<float>(i);
  LiveSound live(std::make_unique<FakeMicrophone>(sound, 0));
  std::vector<float> got;
  while (!live.is_over()) {
    const auto more = live.take(10ms);
    got.insert(got.end(), more.begin(), more.end());
  }
  EXPECT_EQ(got, sound);
}

TEST(LiveSound, TellsAnErrorAfterTheSoundBeforeIt) {
  LiveSound live(std::make_unique<BrokenMicrophone>());
  size_t n = 0;
  EXPECT_THROW(
      {
        while (!live.is_over()) n += live.take(10ms).size();
      },
      ResourceError);
  EXPECT_GT(n, 0u);
}

TEST(LiveSound, KeepsItsReaderAsLongAsTheThreadReads) {
  struct Slow final : media::SoundReader {
    explicit Slow(std::shared_ptr<std::atomic<int>> reads) : n(std::move(reads)) {}
    ~Slow() override { *n += 10; }
    size_t read(std::span<float>) override {
      std::this_thread::sleep_for(900ms);
      ++*n;
      return 0;
    }
    std::shared_ptr<std::atomic<int>> n;
  };
  const auto n = std::make_shared<std::atomic<int>>(0);
  LiveSound(std::make_unique<Slow>(n)).take(1ms);
  for (int i = 0; i < 500 && *n < 11; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(*n, 11);
}

TEST(LiveSound, CanBeLeftWhileItWaits) {
  struct Silent final : media::SoundReader {
    size_t read(std::span<float>) override {
      std::this_thread::sleep_for(2s);
      return 0;
    }
  };
  const auto start = std::chrono::steady_clock::now();
  {
    LiveSound live(std::make_unique<Silent>());
    EXPECT_TRUE(live.take(1ms).empty());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms);
}

class Live : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    runtime::EngineOptions options;
    options.n_threads = 1;
    options.context = 2048;
    runtime::TranscribeOptions how;
    how.instruction = "Which digits do you hear?";
    how.sound_first = true;
    transcriber_.emplace(runtime::Engine::load(golden_path("nano-lab"), options), "microphone", how);
    events_.on_segment = [this](const runtime::TranscribedSegment& s) { said_.push_back(s.text); };
    events_.on_open = [this](const runtime::TranscribedSegment& s) { open_.push_back(s.text); };
  }
  // Silence, two digits, and silence of so many seconds.
  static std::vector<float> digits(double after) {
    std::vector<float> out(8000);
    const auto clip = media::decode_sound(media::Source::from_path(golden_path("nano-lab/media/digits2.wav")));
    out.insert(out.end(), clip.begin(), clip.end());
    out.resize(out.size() + static_cast<size_t>(after * 16000));
    return out;
  }

  std::optional<runtime::Transcriber> transcriber_;
  LiveEvents events_;
  std::vector<std::string> said_, open_;
  std::atomic<bool> stop_{false};
};

TEST_F(Live, ShowsWhatIsSaidBeforeItIsFinished) {
  transcribe_live(*transcriber_, std::make_unique<FakeMicrophone>(digits(2.5), 2), events_, stop_);
  EXPECT_EQ(said_, std::vector<std::string>{"74"});
  // The segment is open for 1.2 s of speech and 1.5 s of silence: it is looked at when speech has ended.
  ASSERT_FALSE(open_.empty());
  EXPECT_EQ(open_.back(), "74");
}

TEST_F(Live, WhatIsOpenAtTheEndIsHeard) {
  transcribe_live(*transcriber_, std::make_unique<FakeMicrophone>(digits(0), 0), events_, stop_);
  EXPECT_EQ(said_, std::vector<std::string>{"74"});
}

TEST_F(Live, EndsWhenItIsToldTo) {
  events_.on_open = [this](const runtime::TranscribedSegment&) { stop_ = true; };
  transcribe_live(*transcriber_, std::make_unique<FakeMicrophone>(digits(600), 20), events_, stop_);
  EXPECT_LE(said_.size(), 1u);
  EXPECT_LT(transcriber_->position(), 300);
}

}  // namespace
}  // namespace facet::apps
