#include <gtest/gtest.h>

#include "base/error.h"
#include "documents/test_documents.h"

namespace facet::documents {
namespace {

using Strings = std::vector<std::string>;

TEST(Subtitles, SrtKeepsNumbersAndTimes) {
  const std::string text =
      "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i> there,\r\nmy old friend.\r\n\r\n"
      "2\r\n00:00:03,000 --> 00:00:04,000\r\n{\\an8}- Who is it?\r\n- Me.\r\n\r\n3\r\n00:00:05,000 --> "
      "00:00:06,000\r\n1984\r\n";
  EXPECT_EQ(segments_of(Format::Srt, text), (Strings{"<1>Hello<2> there, my old friend.", "- Who is it?", "Me."}));
  EXPECT_EQ(in_capitals(Format::Srt, text),
            "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>HELLO</i> THERE,\r\nMY OLD FRIEND.\r\n\r\n"
            "2\r\n00:00:03,000 --> 00:00:04,000\r\n{\\an8}- WHO IS IT?\r\n- ME.\r\n\r\n3\r\n00:00:05,000 --> "
            "00:00:06,000\r\n1984\r\n");
}

TEST(Subtitles, NewWordsCannotBecomeTimes) {
  EXPECT_EQ(in_capitals(Format::Srt, "1\n00:00:01,000 --> 00:00:02,500\nx\n", "\n\n2 --> 3"),
            "1\n00:00:01,000 --> 00:00:02,500\nX  2 -> 3\n");
}

TEST(Subtitles, WebVttKeepsNotesStylesAndSettings) {
  const std::string text =
      "WEBVTT - A title\n\nSTYLE\n::cue { color: red }\n\nNOTE no\n\nintro\n00:01.000 --> 00:04.000 align:start\n"
      "<v Roger Bingham>We are <c.loud>in</c> Tom &amp; <00:02.000>Jerry's\n\n00:05.000 --> 00:06.000\n-Yes\n-No\n";
  EXPECT_EQ(segments_of(Format::WebVtt, text), (Strings{"We are <1>in<2> Tom & <3>Jerry's", "Yes", "No"}));
  EXPECT_EQ(
      in_capitals(Format::WebVtt, text),
      "WEBVTT - A title\n\nSTYLE\n::cue { color: red }\n\nNOTE no\n\nintro\n00:01.000 --> 00:04.000 align:start\n"
      "<v Roger Bingham>WE ARE <c.loud>IN</c> TOM &amp; <00:02.000>JERRY'S\n\n00:05.000 --> 00:06.000\n-YES\n-NO\n");
}

TEST(Subtitles, HostileTextTakesLinearTime) {
  for (const char* part : {"<", "{", "{\\", "< ", "<a", "-", "a\n", "<i>a</i>\n"}) {
    std::string text = "1\n00:00:01,000 --> 00:00:02,000\n";
    while (text.size() < 1'000'000) text += part;
    const auto document = split(Format::Srt, text, "test");
    EXPECT_EQ(document->join(identity(*document)), text) << part;
  }
  std::string cues;
  for (int i = 0; i < 30'000; ++i) cues += "1\n00:00:01,000 --> 00:00:02,000\nwords without a tag\n\n";
  EXPECT_EQ(in_capitals(Format::Srt, cues).size(), cues.size());
}

TEST(Subtitles, OtherFilesAreRefused) {
  EXPECT_THROW(split(Format::Srt, "just words\n", "test"), FormatError);
  EXPECT_THROW(split(Format::WebVtt, "1\n00:00:01,000 --> 00:00:02,500\nx\n", "test"), FormatError);
}

TEST(Subtitles, DamagedCues) {
  for (const char* text :
       {"00:00:01,000 --> 00:00:02,500", "00:00:01,000 --> \n\n\nx", "1\n0 --> 1\na\n2\n0 --> 1\nb\n3\n0 --> 1\n",
        "0 --> 1\n<i\n<\n>{\\\n", "0 --> 1\n-\n--\n- \n"}) {
    const auto document = split(Format::Srt, text, "test");
    EXPECT_EQ(document->join(identity(*document)), text);
  }
  EXPECT_EQ(segments_of(Format::Srt, "1\n0 --> 1\na\n2\n0 --> 1\nb\n"), (Strings{"a", "b"}));
}

}  // namespace
}  // namespace facet::documents
