#include "apps/transcript/subtitles.h"

#include <gtest/gtest.h>

namespace facet::apps {
namespace {

TEST(Subtitles, Times) {
  EXPECT_EQ(srt_time(0), "00:00:00,000");
  EXPECT_EQ(srt_time(62.3456), "00:01:02,346");
  EXPECT_EQ(srt_time(3599.9996), "01:00:00,000");  // rounded, with what it carries
  EXPECT_EQ(srt_time(100 * 3600 + 1), "100:00:01,000");
  EXPECT_EQ(vtt_time(62.3456), "00:01:02.346");
  EXPECT_EQ(vtt_time(-0.001), "00:00:00.000");
}

TEST(Subtitles, CuesOfTheFormats) {
  EXPECT_EQ(srt_cue(7, {1, 2.5, "Hello,\nworld."}), "7\n00:00:01,000 --> 00:00:02,500\nHello,\nworld.\n\n");
  EXPECT_EQ(vtt_cue({1, 2.5, "Hello,\nworld."}), "00:00:01.000 --> 00:00:02.500\nHello,\nworld.\n\n");
}

TEST(Subtitles, TextIsNoMarkUp) {
  EXPECT_EQ(vtt_cue({0, 1, "<i>a</i> & b --> c"}),
            "00:00:00.000 --> 00:00:01.000\n&lt;i&gt;a&lt;/i&gt; &amp; b --&gt; c\n\n");
  EXPECT_EQ(srt_cue(1, {0, 1, "00:00 --> 00:01"}), "1\n00:00:00,000 --> 00:00:01,000\n00:00 -> 00:01\n\n");
}

TEST(Subtitles, AShortTextIsOneCue) {
  const auto cues = make_cues(3, 5, "Hello there.");
  ASSERT_EQ(cues.size(), 1u);
  EXPECT_EQ(cues[0].start, 3);
  EXPECT_EQ(cues[0].end, 5);
  EXPECT_EQ(cues[0].text, "Hello there.");
  EXPECT_TRUE(make_cues(3, 5, "").empty());
  EXPECT_TRUE(make_cues(3, 5, "  ").empty());
}

TEST(Subtitles, LongTextsAreCuesOfTwoLinesThatFollowEachOther) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += (i > 0 ? " word" : "word") + std::to_string(i);
  const auto cues = make_cues(10, 30, text);
  ASSERT_GT(cues.size(), 3u);
  EXPECT_EQ(cues.front().start, 10);
  EXPECT_NEAR(cues.back().end, 30, 1e-9);
  std::string joined;
  for (size_t i = 0; i < cues.size(); ++i) {
    EXPECT_EQ(cues[i].start, i > 0 ? cues[i - 1].end : 10);
    EXPECT_LT(cues[i].start, cues[i].end);
    joined += (i > 0 ? "\n" : "") + cues[i].text;
    const size_t line_break = cues[i].text.find('\n');
    EXPECT_LE(line_break == std::string::npos ? cues[i].text.size() : line_break, 42u);
    EXPECT_EQ(line_break == std::string::npos ? line_break : cues[i].text.find('\n', line_break + 1),
              std::string::npos);
  }
  for (char& c : joined)
    if (c == '\n') c = ' ';
  EXPECT_EQ(joined, text);
}

TEST(Subtitles, SentencesBeginCues) {
  const auto cues = make_cues(0, 10, "This sentence is long enough alone. And so is this one after it.");
  ASSERT_EQ(cues.size(), 2u);
  EXPECT_EQ(cues[0].text, "This sentence is long enough alone.");
  EXPECT_EQ(cues[1].text, "And so is this one after it.");
  EXPECT_EQ(make_cues(0, 2, "Yes. No. Perhaps.").size(), 1u);
}

TEST(Subtitles, ScriptsWithoutSpacesAreBrokenToo) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "語";
  const auto cues = make_cues(0, 10, text);
  ASSERT_EQ(cues.size(), 2u);
  EXPECT_EQ(columns_of(cues[0].text.substr(0, cues[0].text.find('\n'))), 42);
}

}  // namespace
}  // namespace facet::apps
