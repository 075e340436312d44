#include "apps/summarize/summarizer.h"

#include <gtest/gtest.h>

#include "apps/asked_model_fake.h"
#include "apps/summarize/parts.h"
#include "base/error.h"

namespace facet::apps {
namespace {

std::string paragraphs(int n, int n_words) {
  std::string text;
  for (int i = 0; i < n; ++i) {
    text += "P" + std::to_string(i);
    for (int j = 1; j < n_words; ++j) text += " word";
    text += "\n\n";
  }
  return text;
}

SummarizerOptions in_words(int n) { return {n, "", "", false}; }

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')) + " noted"; }

TEST(Summarizer, WhatFitsIsSummarisedAtOnce) {
  FakeModel model(first_word);
  Summarizer summarizer(model, {50, "German", "Name all people.", false});
  const Summary summary = summarizer.summarize("One two three.\n\nFour.");
  EXPECT_EQ(summary.text, "One noted");
  EXPECT_EQ((std::vector<int>{summary.n_tokens, summary.n_parts, summary.n_rounds}), (std::vector<int>{4, 1, 0}));
  ASSERT_EQ(model.texts.size(), 1u);
  for (const char* part : {"50 words", "in German", "Name all people."})
    EXPECT_NE(model.instructions[0].find(part), std::string::npos) << part;
}

TEST(Summarizer, LongTextIsReadInPartsThatFit) {
  FakeModel model(first_word, 500);
  Summarizer summarizer(model, in_words(50));
  std::vector<std::pair<int, int>> seen;
  const Summary summary =
      summarizer.summarize(paragraphs(40, 50), [&](int done, int total) { seen.emplace_back(done, total); });
  EXPECT_EQ(summary.n_rounds, 1);
  EXPECT_GE(summary.n_parts, 6);
  EXPECT_EQ(model.texts.size(), static_cast<size_t>(summary.n_parts) + 1);
  EXPECT_EQ(model.texts.back().substr(0, 11), "P0 noted\n\nP");
  for (size_t i = 0; i < model.texts.size(); ++i)
    EXPECT_LE(model.count_tokens(model.instructions[i]) + model.count_tokens(model.texts[i]) + model.max_tokens[i],
              500);
  for (size_t i = 1; i + 1 < model.texts.size(); ++i) EXPECT_EQ(model.instructions[i], model.instructions[0]);
  EXPECT_EQ(seen.front(), (std::pair{0, summary.n_parts}));
  EXPECT_EQ(seen.back(), (std::pair{1, 1}));
}

TEST(Summarizer, NotesThatAreTooLongAreSummarisedAgain) {
  FakeModel model([](const std::string& text) { return text.substr(0, 200); }, 500);
  Summarizer summarizer(model, in_words(50));
  const Summary summary = summarizer.summarize(paragraphs(400, 50));
  EXPECT_GT(summary.n_rounds, 1);
  EXPECT_EQ(model.texts.size(), static_cast<size_t>(summary.n_parts) + 1);
}

TEST(Summarizer, WhatCannotWorkIsRefused) {
  FakeModel model(first_word, 500);
  EXPECT_THROW(Summarizer(model, in_words(50)).summarize(" \n\n"), RequestError);
  EXPECT_THROW(Summarizer(model, in_words(5000)).summarize("one two"), RequestError);
  FakeModel parrot([](const std::string& text) { return text; }, 500);
  EXPECT_THROW(Summarizer(parrot, in_words(50)).summarize(paragraphs(40, 50)), RequestError);
}

TEST(Parts, AreCutBetweenParagraphsAndAboutEqual) {
  const FakeModel words({});
  const auto size = [&](std::string_view text) { return words.count_tokens(text); };
  const auto parts = cut_parts(paragraphs(21, 10), 100, size);
  ASSERT_GE(parts.size(), 3u);
  for (const std::string& part : parts) {
    EXPECT_LE(size(part), 100);
    EXPECT_GE(size(part), 40);
    EXPECT_EQ(part[0], 'P');
  }
  EXPECT_TRUE(cut_parts("\n \n", 10, size).empty());
}

TEST(Parts, LongParagraphsAreCutInside) {
  const FakeModel words({});
  const auto size = [&](std::string_view text) { return words.count_tokens(text); };
  const std::string text = "a b c d e f.\ng h i j. k l m n o p q r s t u v w x y z";
  int total = 0;
  for (const std::string& part : cut_parts(text, 5, size)) {
    EXPECT_LE(size(part), 5);
    total += size(part);
  }
  EXPECT_EQ(total, 26);
}

}  // namespace
}  // namespace facet::apps
