#include "apps/transcript/writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "apps/transcript/live_view.h"
#include "apps/transcript/output.h"
#include "base/error.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

const std::vector<runtime::TranscribedSegment> kSegments = {
    {1, 2.5, "Hello \"there\"", "Bonjour", false}, {3, 4, "", "", false}, {61.0004, 62.25, "a\x1b[31mb", "c", true}};

std::string written(TranscriptFormat format, bool translated = false,
                    const std::vector<runtime::TranscribedSegment>& segments = kSegments) {
  std::string out;
  TranscriptWriter writer(format, translated, [&](std::string_view text) { out += text; });
  EXPECT_TRUE(writer.is_empty());
  for (const auto& s : segments) writer.put(s);
  EXPECT_EQ(writer.is_empty(), segments.empty());
  writer.finish({{"file", "a.wav"}}, 70.1234567);
  return out;
}

TEST(TranscriptWriter, Text) {
  // No text of a model gives orders to the terminal.
  EXPECT_EQ(written(TranscriptFormat::Text), "Hello \"there\"\na[31mb\n");
  EXPECT_EQ(written(TranscriptFormat::Text, true), "Bonjour\nc\n");
  EXPECT_EQ(written(TranscriptFormat::Text, false, {}), "");
}

TEST(TranscriptWriter, DropsControlsOfTwoBytesToo) {
  // U+009B is CSI; é (c3 a9) and a no-break space (c2 a0) are none.
  const std::string text =
      "a\xc2\x9b"
      "31m\xc2\x80\xc3\xa9\xc2\xa0z\xc2\x01\x9b";
  EXPECT_EQ(written(TranscriptFormat::Text, false, {{0, 1, text, "", false}}), "a31m\xc3\xa9\xc2\xa0z\n");
}

TEST(TranscriptWriter, Subtitles) {
  EXPECT_EQ(written(TranscriptFormat::Srt),
            "1\n00:00:01,000 --> 00:00:02,500\nHello \"there\"\n\n2\n00:01:01,000 --> 00:01:02,250\na[31mb\n\n");
  EXPECT_EQ(written(TranscriptFormat::Vtt, true),
            "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nBonjour\n\n00:01:01.000 --> 00:01:02.250\nc\n\n");
  EXPECT_EQ(written(TranscriptFormat::Vtt, false, {}), "WEBVTT\n\n");
}

TEST(TranscriptWriter, JsonIsOneLine) {
  const std::string text = written(TranscriptFormat::Json);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const Json expected = {{"file", "a.wav"},
                         {"seconds", 70.123},
                         {"text", "Hello \"there\" a\x1b[31mb"},
                         {"segments",
                          {{{"start", 1.0}, {"end", 2.5}, {"text", "Hello \"there\""}},
                           {{"start", 61.0}, {"end", 62.25}, {"text", "a\x1b[31mb"}, {"cut", true}}}}};
  EXPECT_EQ(Json::parse(text), expected);
  const Json translated = Json::parse(written(TranscriptFormat::Json, true));
  EXPECT_EQ(translated["translation"], "Bonjour c");
  EXPECT_EQ(translated["segments"][0]["translation"], "Bonjour");
  EXPECT_EQ(Json::parse(written(TranscriptFormat::Json, false, {}))["segments"], Json::array());
}

TEST(TranscriptWriter, LinesComeOneByOne) {
  std::vector<std::string> out;
  TranscriptWriter writer(TranscriptFormat::Lines, false, [&](std::string_view text) { out.emplace_back(text); });
  writer.put_open(kSegments[0]);
  writer.put(kSegments[0]);
  writer.finish({}, 3);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0], "{\"type\":\"partial\",\"start\":1.0,\"end\":2.5,\"text\":\"Hello \\\"there\\\"\"}\n");
  EXPECT_EQ(Json::parse(out[1])["type"], "segment");
  EXPECT_EQ(out[2], "{\"type\":\"end\",\"seconds\":3.0}\n");
}

TEST(LiveView, ShowsTheEndOfWhatIsTooLong) {
  EXPECT_EQ(last_columns("short", 10), "short");
  EXPECT_EQ(last_columns("0123456789abc", 10), "… 56789abc");
  EXPECT_EQ(last_columns("語語語語語語", 10), "… 語語語語");
}

class TranscriptOutputTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  fs::path folder_ = fs::temp_directory_path() / ("facet-transcript-" + std::to_string(getpid()));
};

TEST_F(TranscriptOutputTest, AFileForEachRecordingInAFolder) {
  TranscriptOutput output((folder_ / "new").string() + "/", TranscriptFormat::Srt, {"x/a.wav", "b.mp3", "-"});
  for (const std::string name : {"x/a.wav", "b.mp3", "-"}) {
    output.open(name);
    output.write("of " + name);
  }
  output.close();
  EXPECT_EQ(read("new/a.srt"), "of x/a.wav");
  EXPECT_EQ(read("new/b.srt"), "of b.mp3");
  EXPECT_EQ(read("new/standard-input.srt"), "of -");
}

TEST_F(TranscriptOutputTest, OneFileForAllTexts) {
  TranscriptOutput output((folder_ / "all.txt").string(), TranscriptFormat::Text, {"a.wav", "b.wav"});
  output.open("a.wav");
  output.write("1");
  output.open("b.wav");
  output.write("2");
  output.close();
  EXPECT_EQ(read("all.txt"), "12");
}

TEST_F(TranscriptOutputTest, RefusesWhatWouldBeLost) {
  const std::string folder = folder_.string();
  EXPECT_THROW(TranscriptOutput(folder, TranscriptFormat::Text, {"a.wav", "b/a.mp3"}), RequestError);
  EXPECT_THROW(TranscriptOutput("", TranscriptFormat::Srt, {"a.wav", "b.wav"}), RequestError);
  EXPECT_THROW(TranscriptOutput("all.vtt", TranscriptFormat::Vtt, {"a.wav", "b.wav"}), RequestError);
  const std::string recording = folder + "/talk.txt";
  std::ofstream(recording) << "sound";
  EXPECT_THROW(TranscriptOutput(recording, TranscriptFormat::Text, {recording}), RequestError);
  EXPECT_THROW(TranscriptOutput(folder + "/./talk.txt", TranscriptFormat::Text, {"-", recording}), RequestError);
  EXPECT_THROW(TranscriptOutput(folder, TranscriptFormat::Text, {recording}), RequestError);
  EXPECT_EQ(read("talk.txt"), "sound");
  TranscriptOutput output(folder + "/missing/x.txt", TranscriptFormat::Text, {"a.wav"});
  EXPECT_THROW(output.open("a.wav"), ResourceError);
}

}  // namespace
}  // namespace facet::apps
