#include "documents/placeholders.h"

#include <gtest/gtest.h>

#include "documents/document.h"

namespace facet::documents {
namespace {

TEST(Placeholders, MayMoveButNotCross) {
  const auto document = split(Format::Html, "<p>the <b>red</b> <i>house</i></p>", "test");
  const Segment& segment = document->segments()[0];
  EXPECT_EQ(with_placeholders(segment), "the <1>red</1> <3>house</3>");
  const auto moved = without_placeholders(segment, "das <3>Haus</3>, <1>rot</1>");
  ASSERT_TRUE(moved);
  EXPECT_EQ(document->join(std::vector<Pieces>{*moved}), "<p>das <i>Haus</i>, <b>rot</b></p>");
  for (const char* wrong : {"das <1>rote Haus", "<1>a</1> <1>b</1> <3>c</3>", "<1>a<3>b</1>c</3>", "</1>a<1> <3>b</3>",
                            "<1/>a<3>b</3>", "<1>a</1><3>b</3><7/>", "a"})
    EXPECT_FALSE(without_placeholders(segment, wrong)) << wrong;
}

TEST(Placeholders, WordsThatLookLikeTagsHaveNone) {
  const auto document = split(Format::Html, "<p>write &lt;2&gt; <b>here</b></p>", "test");
  EXPECT_FALSE(with_placeholders(document->segments()[0]));
}

}  // namespace
}  // namespace facet::documents
