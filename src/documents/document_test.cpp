#include "documents/document.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "documents/test_documents.h"

namespace facet::documents {
namespace {

TEST(Document, FormatIsKnownByTheEnding) {
  EXPECT_EQ(format_of("a/b.Md"), Format::Markdown);
  EXPECT_EQ(format_of("page.HTML"), Format::Html);
  EXPECT_EQ(format_of("report.docx"), Format::Docx);
  EXPECT_EQ(format_of("film.mkv"), std::nullopt);
  EXPECT_EQ(format_of("txt"), std::nullopt);
}

TEST(Document, LinesOfAWrappedParagraphAreOneSegment) {
  const std::string text =
      "It was a bright cold day in April, and the clocks\n"
      "were striking thirteen. Winston Smith, his chin\n"
      "nuzzled into his breast, slipped through.\n"
      "\n"
      "Roses are red,\n"
      "violets are blue.\n";
  const auto segments = segments_of(Format::Text, text);
  ASSERT_EQ(segments.size(), 3u);
  EXPECT_EQ(segments[0],
            "It was a bright cold day in April, and the clocks were striking thirteen. Winston Smith, his chin "
            "nuzzled into his breast, slipped through.");
  EXPECT_EQ(segments[1], "Roses are red,");
  const std::string capitals = in_capitals(Format::Text, text);
  EXPECT_EQ(capitals.substr(0, 50), "IT WAS A BRIGHT COLD DAY IN APRIL, AND THE CLOCKS\n");
  EXPECT_TRUE(capitals.ends_with("SLIPPED THROUGH.\n\nROSES ARE RED,\nVIOLETS ARE BLUE.\n"));
}

TEST(Document, IndentationAndLineEndsStay) {
  EXPECT_EQ(in_capitals(Format::Text, "\xef\xbb\xbf  one\r\n\r\n\ttwo  \r\n1234\r\n"),
            "\xef\xbb\xbf  ONE\r\n\r\n\tTWO  \r\n1234\r\n");
}

TEST(Document, WhatIsNoTextIsRefused) {
  EXPECT_THROW(split(Format::Text, "caf\xe9", "test"), FormatError);
  EXPECT_THROW(split(Format::Html, "a\xed\xa0\x80", "test"), FormatError);  // a surrogate
  EXPECT_THROW(split(Format::Markdown, std::string("a\0b", 3), "test"), FormatError);
  EXPECT_EQ(split(Format::Text, "", "test")->segments().size(), 0u);
}

TEST(Document, JoinRefusesLostMarks) {
  const auto document = split(Format::Html, "<p>One <b>two</b> three</p>", "test");
  ASSERT_EQ(document->segments().size(), 1u);
  EXPECT_THROW(document->join({}), RequestError);
  const std::vector<Pieces> lost = {{{"eins ", 0}, {"", 1}, {"zwei", 0}}};
  EXPECT_THROW(document->join(lost), RequestError);
  const std::vector<Pieces> twice = {{{"", 1}, {"zwei", 0}, {"", 2}, {"", 2}}};
  EXPECT_THROW(document->join(twice), RequestError);
  const std::vector<Pieces> crossed = {{{"", 2}, {"zwei", 0}, {"", 1}}};
  EXPECT_THROW(document->join(crossed), RequestError);
}

TEST(Document, ReaderText) {
  const auto html = split(Format::Html, "<h1>Title</h1><p>One <b>two</b>.</p><script>no()</script>", "test");
  EXPECT_EQ(reader_text(*html, Format::Html), "Title\n\nOne two.");
  const auto srt =
      split(Format::Srt, "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nyou\n", "test");
  EXPECT_EQ(reader_text(*srt, Format::Srt), "Hello\nyou");
}

}  // namespace
}  // namespace facet::documents
