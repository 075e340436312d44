#include "runtime/media_encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/config.h"
#include "runtime/encoders.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;

media::Image picture(int width, int height, int seed = 0) {
  media::Image image{width, height, {}};
  for (int i = 0; i < 3 * width * height; ++i) image.rgb.push_back(static_cast<uint8_t>((i * 7 + i / 97 + seed) % 251));
  return image;
}

std::vector<float> tone(size_t n) {
  std::vector<float> samples(n);
  for (size_t i = 0; i < n; ++i) samples[i] = 0.3f * std::sin(0.1f * static_cast<float>(i));
  return samples;
}

// The message of the error that `work` must throw.
template <class Work>
std::string refusal(Work&& work) {
  try {
    work();
  } catch (const RequestError& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

class MediaEncoderTest : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }

  static std::shared_ptr<const Engine> load(const std::string& family) {
    return Engine::load(tiny_path(family), tiny_options());
  }
  std::shared_ptr<EmbeddingCache> cache_ = std::make_shared<EmbeddingCache>();
};

TEST_F(MediaEncoderTest, AModelSaysWhatItHas) {
  EXPECT_TRUE(load("tiny-e2b")->encoders().vision_config && load("tiny-e2b")->encoders().audio_config);
  const auto large = load("tiny-31b");
  EXPECT_TRUE(large->encoders().vision_config);
  MediaEncoder deaf(large, cache_);
  const std::string line = refusal([&] { deaf.sound(tone(16000), "note.wav"); });
  EXPECT_NE(line.find("note.wav"), std::string::npos) << line;
  EXPECT_NE(line.find("E2B, E4B and 12B hear"), std::string::npos) << line;

  MediaEncoder blind(load("tiny-gemma3"), cache_);
  EXPECT_NE(refusal([&] { blind.image(picture(9, 9), 70, "a.png"); }).find("26B-A4B"), std::string::npos);
}

TEST_F(MediaEncoderTest, TheSamePictureIsEncodedOnce) {
  MediaEncoder encoder(load("tiny-e2b"), cache_);
  const Medium first = encoder.image(picture(64, 48), 70, "a"), again = encoder.image(picture(64, 48), 70, "b");
  EXPECT_EQ(first.parts[0], again.parts[0]);
  EXPECT_EQ(encoder.stats().n_encoded, 1);
  EXPECT_EQ(encoder.stats().n_cached, 1);
  // Another picture, another budget, another model: nothing is mistaken.
  EXPECT_NE(encoder.image(picture(64, 48, 1), 70, "c").parts[0]->key, first.parts[0]->key);
  EXPECT_NE(encoder.image(picture(64, 48), 140, "d").parts[0]->key, first.parts[0]->key);
  MediaEncoder other(load("tiny-e4b"), cache_);
  EXPECT_NE(other.image(picture(64, 48), 70, "a").parts[0]->key, first.parts[0]->key);
  EXPECT_EQ(encoder.stats().n_encoded, 3);
}

// An answer in between is computed by steps of another kind.
TEST_F(MediaEncoderTest, WhatIsEncodedDoesNotDependOnWhatWasComputedBefore) {
  const auto engine = load("tiny-e2b");
  const auto encode = [&] {
    MediaEncoder encoder(engine, std::make_shared<EmbeddingCache>());
    std::vector<float> out = encoder.image(picture(64, 48), 70, "a").parts[0]->values;
    const auto sound = encoder.sound(tone(16000), "b").parts[0];
    out.insert(out.end(), sound->values.begin(), sound->values.end());
    return out;
  };
  const std::vector<float> before = encode();
  Session session(engine);
  session.sync(random_tokens(5, 1));
  EXPECT_EQ(encode(), before);
}

TEST_F(MediaEncoderTest, PromptsHaveAPlaceForEveryPart) {
  const auto engine = load("tiny-e2b");
  MediaEncoder encoder(engine, cache_);
  Medium video;
  encoder.add_frame(video, picture(64, 48), "00:00", "v");
  encoder.add_frame(video, picture(64, 48, 1), "00:02", "v");
  const std::vector<Medium> media{encoder.image(picture(64, 48, 2), 140, "i"), video, encoder.sound(tone(16000), "s")};
  using Item = text::PromptItem;
  const text::Prompt prompt{{Item::Kind::Text, "a <|image|> "},
                            {Item::Kind::Image, ""},
                            {Item::Kind::Text, "b"},
                            {Item::Kind::Video, ""},
                            {Item::Kind::Audio, ""},
                            {Item::Kind::Text, "c"}};
  const MediaPrompt out = assemble(prompt, engine->tokenizer(), media);
  ASSERT_EQ(out.media.size(), 4u);
  const char* const placeholders[] = {"<|image|>", "<|video|>", "<|video|>", "<|audio|>"};
  for (size_t i = 0; i < 4; ++i) {
    const TokenId id = *engine->tokenizer().find(placeholders[i]);
    const MediaSpan& span = out.media[i];
    const auto at = [&](int p) { return out.tokens.at(static_cast<size_t>(p)); };
    EXPECT_NE(at(span.position - 1), id);
    for (int p = span.position; p < span.end(); ++p) ASSERT_EQ(at(p), id);
    EXPECT_NE(at(span.end()), id);
  }
  EXPECT_EQ(out.media[3].embedding, media[2].parts[0]);
  Session session(engine, 400);
  session.sync(out);  // and it can be computed
  EXPECT_EQ(session.position(), static_cast<int>(out.tokens.size()));
}

TEST_F(MediaEncoderTest, ClipsHaveLimits) {
  MediaEncoder encoder(load("tiny-e2b"), cache_);
  EXPECT_NE(refusal([&] { encoder.sound(tone(160), "blip.wav"); }).find("160 samples"), std::string::npos);
  EXPECT_NE(refusal([&] { encoder.sound(tone(480001), "long.wav"); }).find("30.0 s"), std::string::npos);
  EXPECT_EQ(encoder.sound(tone(480000), "long.wav").n_tokens(), 750);
  MediaEncoder raw(load("tiny-12b"), cache_);
  EXPECT_EQ(raw.sound(tone(480001), "long.wav").n_tokens(), 751);
}

TEST_F(MediaEncoderTest, CancellingEndsAnEncoding) {
  MediaEncoder encoder(load("tiny-e2b"), cache_);
  const std::atomic<bool> cancel{true};
  encoder.set_cancel(&cancel);
  EXPECT_THROW(encoder.image(picture(64, 48), 70, "a"), CancelledError);
  EXPECT_THROW(encoder.sound(tone(16000), "a"), CancelledError);
  encoder.set_cancel(nullptr);
  EXPECT_EQ(encoder.image(picture(64, 48), 70, "a").n_tokens(), 63);
}

// A folder with the GGUF model and the projector files of the goldens, under names of the test's choice.
class ProjectorTest : public MediaEncoderTest {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    folder_ = fs::temp_directory_path() / ("facet_projector_" + std::to_string(::getpid()) + "_" +
                                           testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    link("tiny-e2b/gguf/tiny-e2b-q8_0.gguf", "small-q8_0.gguf");
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  void link(const std::string& golden, const std::string& name) {
    fs::create_symlink(fs::absolute(golden_path(golden)), folder_ / name);
  }
  std::shared_ptr<const Engine> load(const std::string& projector = "") const {
    EngineOptions options = tiny_options();
    options.projector = projector;
    return Engine::load((folder_ / "small-q8_0.gguf").string(), options);
  }

  fs::path folder_;
};

TEST_F(ProjectorTest, StandsBesideTheModel) {
  EXPECT_NE(refusal([&] { check_sees(*load(), "a.png"); }).find("mmproj"), std::string::npos);
  link("tiny-e2b/gguf/tiny-e2b-mmproj-bf16.gguf", "mmproj-small-bf16.gguf");
  const auto engine = load();
  EXPECT_TRUE(engine->encoders().vision_config && engine->encoders().audio_config);
  EXPECT_NE(refusal([&] { check_hears(*load("none"), "a.wav"); }).find("--mmproj none"), std::string::npos);
  // It gives what the checkpoint it was made from gives.
  MediaEncoder a(engine, cache_), b(MediaEncoderTest::load("tiny-e2b"), cache_);
  const auto x = a.image(picture(64, 48), 70, "a").parts[0], y = b.image(picture(64, 48), 70, "a").parts[0];
  EXPECT_LT(largest_difference(x->values, y->values), 1e-4);
}

TEST_F(ProjectorTest, OfAnotherModelIsPassedOver) {
  link("tiny-31b/gguf/tiny-31b-mmproj-bf16.gguf", "mmproj-aaa.gguf");
  link("tiny-e2b/gguf/tiny-e2b-mmproj-bf16.gguf", "small-mmproj-bf16.gguf");
  EXPECT_NE(load()->encoders().path.find("small-mmproj"), std::string::npos);
}

TEST_F(ProjectorTest, OfASiblingComesAfterItsOwn) {
  for (const char* name : {"mmproj-smell-bf16.gguf", "mmproj-small-4bit-moe-bf16.gguf", "small-mmproj-bf16.gguf"})
    link("tiny-e2b/gguf/tiny-e2b-mmproj-bf16.gguf", name);
  std::vector<std::string> names;
  for (const std::string& path : find_projectors((folder_ / "small-q8_0.gguf").string()))
    names.push_back(fs::path(path).filename());
  EXPECT_EQ(names, (std::vector<std::string>{"small-mmproj-bf16.gguf", "mmproj-small-4bit-moe-bf16.gguf",
                                             "mmproj-smell-bf16.gguf"}));
}

// Soft tokens are counted before the encoder sees a picture, so one that makes others must not be used.
TEST_F(ProjectorTest, WithOtherSoftTokensIsRefused) {
  link("tiny-e2b/gguf/tiny-e2b-mmproj-bf16.gguf", "mmproj-small.gguf");
  std::ifstream in(folder_ / "mmproj-small.gguf", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const std::string key = "clip.vision.patch_size";
  const size_t at = bytes.find(key);
  ASSERT_NE(at, std::string::npos);
  ASSERT_EQ(bytes[at + key.size() + 4], 16);
  bytes[at + key.size() + 4] = 8;  // after the value's type
  std::ofstream(folder_ / "other.gguf", std::ios::binary) << bytes;
  EXPECT_THROW(load((folder_ / "other.gguf").string()), FormatError);
}

// As are those of Gemma 3's folders, whose text models run all the same.
TEST_F(MediaEncoderTest, AFolderWithAnEncoderOfAnotherFamilyStillReads) {
  const fs::path folder = fs::temp_directory_path() / ("facet_other_encoder_" + std::to_string(::getpid()));
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const auto& entry : fs::directory_iterator(tiny_path("tiny-31b")))
    if (entry.path().filename() != "config.json")
      fs::create_symlink(fs::absolute(entry.path()), folder / entry.path().filename());
  std::ifstream in(fs::path(tiny_path("tiny-31b")) / "config.json");
  std::string config((std::istreambuf_iterator<char>(in)), {});
  const std::string type = "\"gemma4_vision\"";
  ASSERT_NE(config.find(type), std::string::npos);
  config.replace(config.find(type), type.size(), "\"siglip_vision_model\"");
  std::ofstream(folder / "config.json") << config;
  const auto engine = Engine::load(folder.string(), tiny_options());
  Session(engine).sync(random_tokens(5, 1));
  EXPECT_NE(refusal([&] { check_sees(*engine, "a.png"); }).find("siglip_vision_model"), std::string::npos);
  fs::remove_all(folder);
}

TEST_F(ProjectorTest, ThatIsDamagedLeavesTheTextModel) {
  link("quant/q8_0.safetensors", "mmproj-small.gguf");
  const auto engine = load();
  EXPECT_NE(refusal([&] { check_sees(*engine, "a.png"); }).find("mmproj-small.gguf"), std::string::npos);
  Session(engine).sync(random_tokens(5, 1));
  EXPECT_THROW(load((folder_ / "mmproj-small.gguf").string()), FormatError);  // asked for by name
  EXPECT_THROW(load("absent.gguf"), std::exception);
}

}  // namespace
}  // namespace facet::runtime
