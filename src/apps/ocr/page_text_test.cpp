#include "apps/ocr/page_text.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace facet::apps {
namespace {

using Pages = std::vector<int>;

std::string refused_pages(std::string_view text, int n_pages = 9) {
  try {
    parse_pages(text, n_pages, "a.pdf");
  } catch (const RequestError& e) {
    return e.what();
  }
  return "";
}

TEST(OcrPages, ListsAndRanges) {
  EXPECT_EQ(parse_pages("", 3, "a.pdf"), (Pages{1, 2, 3}));
  EXPECT_EQ(parse_pages("2", 3, "a.pdf"), (Pages{2}));
  EXPECT_EQ(parse_pages("1-3,5,8-", 9, "a.pdf"), (Pages{1, 2, 3, 5, 8, 9}));
  EXPECT_EQ(parse_pages("3,1", 3, "a.pdf"), (Pages{3, 1}));
}

TEST(OcrPages, WhatIsNoListIsRefused) {
  for (const char* bad : {"x", "0", "-3", "1,", ",1", "1-2-3", "1 - 2", "99999999999", "1.5", "-"})
    EXPECT_EQ(refused_pages(bad).find("--pages"), 0u) << bad << ": " << refused_pages(bad);
  EXPECT_EQ(refused_pages("5-2"), "--pages 5-2: 5 is after 2");
  EXPECT_EQ(refused_pages("10"), "a.pdf: page 10 of 9 was asked for");
  EXPECT_EQ(refused_pages("10-"), "a.pdf: page 10 of 9 was asked for");
  EXPECT_EQ(refused_pages("1-2000000000"), "a.pdf: page 2000000000 of 9 was asked for");
}

TEST(OcrAnswers, LoseWhatModelsPutAroundThem) {
  EXPECT_EQ(clean_page("\n\n  Title\nline \n\n", OcrFormat::Text), "  Title\nline");
  EXPECT_EQ(clean_page(" \n", OcrFormat::Text), "");
  EXPECT_EQ(clean_page("```csv\na,b\n1,2\n```", OcrFormat::Csv), "a,b\n1,2");
  EXPECT_EQ(clean_page("```\n```", OcrFormat::Markdown), "");
  EXPECT_EQ(clean_page("NONE\n", OcrFormat::Csv), "");
  EXPECT_EQ(clean_page("NONE", OcrFormat::Text), "NONE");
  // A page may hold code itself.
  for (const char* kept : {"```c\nx\n```\nand\n```c\ny\n```", "```", "``````", "a ``` b", "```c\nx"})
    EXPECT_EQ(clean_page(kept, OcrFormat::Markdown), kept);
}

TEST(OcrFormats, ByName) {
  EXPECT_EQ(ocr_format("md"), OcrFormat::Markdown);
  EXPECT_THROW(ocr_format("html"), RequestError);
  EXPECT_EQ(page_separator(OcrFormat::Text), "\f");
  EXPECT_NE(ocr_instructions(OcrFormat::Csv, "").find("CSV"), std::string::npos);
  EXPECT_NE(ocr_instructions(OcrFormat::Text, "French").find("French"), std::string::npos);
  EXPECT_EQ(ocr_instructions(OcrFormat::Text, ""), ocr_instructions(OcrFormat::Json, ""));
}

}  // namespace
}  // namespace facet::apps
