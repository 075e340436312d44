#include "evaluation/scores.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace facet::evaluation {
namespace {

Score score(const std::string& skill, int n, int n_right) {
  Score s{.skill = skill, .why_skipped = {}};
  s.n = n;
  s.n_right = n_right;
  return s;
}

TEST(Scores, TheFirstRowThatIsThereCounts) {
  const std::string text = R"({"ref":{"copy":0.99},"default":{"copy":0.97,"sums":1}})";
  EXPECT_EQ(parse_scores(text, "s", {"ref", "default"}), (GoldenScores{{"copy", 0.99}}));
  EXPECT_EQ(parse_scores(text, "s", {"cpu", "default"}), (GoldenScores{{"copy", 0.97}, {"sums", 1}}));
  EXPECT_THROW(parse_scores(text, "s", {"quick"}), RequestError);
}

TEST(Scores, WhatIsNoScoreIsNamed) {
  const auto error = [](const char* text) -> std::string {
    try {
      parse_scores(text, "scores.json", {"default"});
    } catch (const FormatError& e) {
      return e.what();
    }
    return "none";
  };
  EXPECT_TRUE(error("{").starts_with("scores.json: "));
  EXPECT_EQ(error("[]"), "scores.json: expected an object of scores");
  EXPECT_EQ(error(R"({"default":1})"), "scores.json: default: expected an object of skills");
  EXPECT_EQ(error(R"({"default":{"copy":97}})"), "scores.json: default.copy: expected an accuracy, 0 to 1");
}

TEST(Scores, ASkillMayFallByTheMarginAndNoMore) {
  const GoldenScores golden{{"copy", 0.95}};
  EXPECT_TRUE(shortfalls({score("copy", 100, 95)}, golden, 0, true).empty());
  EXPECT_TRUE(shortfalls({score("copy", 100, 93)}, golden, 0.02, true).empty());
  EXPECT_TRUE(shortfalls({score("copy", 100, 100)}, golden, 0, true).empty());
  EXPECT_EQ(shortfalls({score("copy", 100, 92)}, golden, 0.02, true),
            (std::vector<std::string>{"copy: 92.0 % are right, and were 95.0 %; 2.0 % less are allowed"}));
}

TEST(Scores, AllTogetherMayFallByLess) {
  const GoldenScores golden{{"a", 1}, {"b", 1}, {"c", 0.5}, {"d", 0.5}};
  const auto all = [&](int a, int b, int c, int d) {
    return shortfalls({score("a", 100, a), score("b", 100, b), score("c", 50, c), score("d", 50, d)}, golden, 0.1,
                      true);
  };
  // A half of the margin: 15 of 300 answers, of which 250 were right.
  EXPECT_TRUE(all(90, 95, 25, 25).empty());
  EXPECT_TRUE(all(90, 90, 30, 25).empty());
  EXPECT_EQ(all(95, 95, 21, 22),
            (std::vector<std::string>{"all together: 77.7 % are right, and were 83.3 %; 5.0 % less are allowed"}));
  EXPECT_EQ(all(84, 100, 25, 25).size(), 2u);
  // One skill alone has the whole margin, and what nobody recorded is not compared.
  EXPECT_TRUE(shortfalls({score("a", 100, 90), score("e", 100, 0)}, golden, 0.1, false).empty());
}

TEST(Scores, ASkillThatIsGoneHasFallen) {
  const GoldenScores golden{{"copy", 0.95}, {"sums", 0.5}};
  EXPECT_EQ(shortfalls({score("copy", 9, 9)}, golden, 0, true),
            (std::vector<std::string>{"sums: it is not in the set, and was 50.0 % right"}));
  EXPECT_TRUE(shortfalls({score("copy", 9, 9)}, golden, 0, false).empty());  // it was not asked for
  EXPECT_EQ(shortfalls({score("copy", 0, 0)}, golden, 1, false),
            (std::vector<std::string>{"copy: all were skipped, and 95.0 % were right"}));
  EXPECT_TRUE(shortfalls({score("new", 9, 0)}, {}, 0, true).empty());
}

}  // namespace
}  // namespace facet::evaluation
