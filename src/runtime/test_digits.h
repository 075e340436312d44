// The model that was trained to hear digits, and clips of them. For tests of transcription.
#pragma once

#include "media/sound.h"
#include "media/source.h"
#include "runtime/test_models.h"
#include "runtime/transcriber.h"

namespace facet::runtime {

class DigitsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(golden_path(""))) return;
    EngineOptions options = tiny_options();
    options.context = 2048;
    engine_ = Engine::load(golden_path("nano-lab"), options);
  }
  static void TearDownTestSuite() { engine_.reset(); }
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }

  // As that model was trained.
  static TranscribeOptions asking_for_digits() {
    TranscribeOptions options;
    options.instruction = "Which digits do you hear?";
    options.sound_first = true;
    return options;
  }
  static std::vector<float> clip(const std::string& name) {
    return media::decode_sound(media::Source::from_path(golden_path("nano-lab/media/" + name)));
  }

  static inline std::shared_ptr<const Engine> engine_;
};

}  // namespace facet::runtime
