#include "apps/classify/labels.h"

#include <gtest/gtest.h>

#include <limits>

namespace facet::apps {
namespace {

using Labels = std::vector<std::string>;

TEST(Labels, AreSplitAndTrimmed) {
  EXPECT_EQ(split_labels("cat, a dog ,bird", ','), (Labels{"cat", "a dog", "bird"}));
  EXPECT_EQ(split_labels(",a,, ,b,", ','), (Labels{"a", "b"}));
  EXPECT_EQ(split_labels("red, green\r\n\r\nblue\n", '\n'), (Labels{"red, green", "blue"}));
  EXPECT_TRUE(split_labels("", ',').empty());
}

TEST(Labels, StandWhereATextHasAPlaceForThem) {
  EXPECT_EQ(with_labels("One of {labels}!", {"a", "b c"}), "One of a, b c!");
  EXPECT_EQ(with_labels("None.", {"a", "b"}), "None.");
  EXPECT_EQ(with_labels("{labels}{labels}", {"{labels}"}), "{labels}{labels}");  // a label is no place
}

const std::vector<LabelShare> kShares = {{"a", 0.25, -3}, {"b", 0.5, -2}, {"c", 0.25, -1}};

TEST(Labels, TheLikeliestComeFirst) {
  const auto names = [](const std::vector<LabelShare>& shares) {
    std::string all;
    for (const LabelShare& s : shares) all += s.label;
    return all;
  };
  EXPECT_EQ(names(best_labels(kShares, 0, 0)), "bac");
  EXPECT_EQ(names(best_labels(kShares, 2, 0)), "ba");
  EXPECT_EQ(names(best_labels(kShares, 9, 0.3)), "b");
  EXPECT_EQ(names(best_labels(kShares, 0, 0.6)), "");
}

TEST(Labels, ARowOfTheTable) {
  EXPECT_EQ(labels_line(best_labels(kShares, 2, 0)), "b 0.50  a 0.25");
  EXPECT_EQ(labels_line({}), "-");
  EXPECT_EQ(labels_line({{"a\x1b[m", 1, 0}}), "a\\x1b[m 1.00");
}

TEST(Labels, ARowOfJson) {
  text::ChatJson row{{"file", "x.png"}};
  add_labels(row, best_labels(kShares, 1, 0));
  EXPECT_EQ(
      text::chat_json_text(row),
      R"({"file":"x.png","label":"b","probability":0.5,"scores":[{"label":"b","probability":0.5,"logprob":-2.0}]})");
  text::ChatJson mean;
  add_labels(mean, {{"a", 1, std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_EQ(text::chat_json_text(mean),
            R"({"label":"a","probability":1.0,"scores":[{"label":"a","probability":1.0}]})");
  text::ChatJson none;
  add_labels(none, {});
  EXPECT_EQ(text::chat_json_text(none), R"({"label":null,"probability":null,"scores":[]})");
}

}  // namespace
}  // namespace facet::apps
