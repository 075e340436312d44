#include "apps/translate/translator.h"

#include <gtest/gtest.h>

#include <cctype>

#include "apps/asked_model_fake.h"
#include "apps/translate/sentences.h"
#include "base/error.h"
#include "documents/document.h"
#include "text/languages.h"

namespace facet::apps {
namespace {

using documents::Format;

// Letters as capitals, but not those of tags.
std::string capitals(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string without_tags(const std::string& text) {
  std::string out;
  bool in_tag = false;
  for (const char c : text) {
    if (c == '<') in_tag = true;
    if (!in_tag) out += c;
    if (c == '>') in_tag = false;
  }
  return out;
}

std::string translated(FakeModel& model, Format format, const std::string& text, TranslatorCounts* counts = nullptr) {
  const auto document = documents::split(format, text, "test");
  Translator translator(model, {"German", ""});
  const auto pieces = translator.translate(document->segments());
  if (counts != nullptr) *counts = translator.counts();
  return document->join(pieces);
}

const std::string kPage = "<h1>Title</h1><p>One <b>two</b> and <br> three.</p><p>four</p>";
const std::string kPageInCapitals = "<h1>TITLE</h1><p>ONE <b>TWO</b> AND <br> THREE.</p><p>FOUR</p>";

TEST(Translator, SegmentsGoTogetherAsNumberedLines) {
  FakeModel model(capitals);
  TranslatorCounts counts;
  EXPECT_EQ(translated(model, Format::Html, kPage, &counts), kPageInCapitals);
  ASSERT_EQ(model.texts.size(), 1u);
  EXPECT_EQ(model.texts[0], "[1] Title\n[2] One <1>two</1> and <3/> three.\n[3] four");
  EXPECT_NE(model.instructions[0].find("into German"), std::string::npos);
  EXPECT_EQ((std::vector<int>{counts.n_segments, counts.n_batches, counts.n_alone, counts.n_pieces, counts.n_kept}),
            (std::vector<int>{3, 1, 0, 0, 0}));
}

TEST(Translator, LostMarksAreAskedForAgainAndThenPieceByPiece) {
  FakeModel model([](const std::string& text) { return capitals(without_tags(text)); });
  TranslatorCounts counts;
  EXPECT_EQ(translated(model, Format::Html, kPage, &counts), kPageInCapitals);
  EXPECT_EQ((std::vector<int>{counts.n_alone, counts.n_pieces, counts.n_kept}), (std::vector<int>{1, 1, 0}));
  EXPECT_EQ(model.texts[1], "[1] One <1>two</1> and <3/> three.");
  EXPECT_EQ(model.texts[2], "[1] One");
}

TEST(Translator, LostLinesAreAskedForAlone) {
  FakeModel model([](const std::string& text) {
    return text.find('\n') == std::string::npos ? capitals(text) : "Here you are:\n[3] FOUR\n[1] TITLE\n[9] ?";
  });
  TranslatorCounts counts;
  EXPECT_EQ(translated(model, Format::Html, kPage, &counts), kPageInCapitals);
  EXPECT_EQ((std::vector<int>{counts.n_alone, counts.n_pieces}), (std::vector<int>{1, 0}));
}

TEST(Translator, WithoutAnAnswerWordsStay) {
  for (const char* answer : {"", "[2] no", "[1]", "two\nlines"}) {
    FakeModel model([&](const std::string&) { return std::string(answer); });
    TranslatorCounts counts;
    const std::string page = translated(model, Format::Html, kPage, &counts);
    EXPECT_EQ(page, kPage) << answer;
    EXPECT_EQ(counts.n_kept, 3) << answer;
  }
}

// A tag that a text has no mark for is no tag, but words: the last resort takes it for a translation.
TEST(Translator, AnAnswerThatLooksLikeATagIsWords) {
  FakeModel model([](const std::string&) { return std::string("<1>"); });
  TranslatorCounts counts;
  EXPECT_EQ(translated(model, Format::Html, kPage, &counts),
            "<h1>&lt;1&gt;</h1><p>&lt;1&gt; <b>&lt;1&gt;</b> &lt;1&gt; <br> &lt;1&gt;</p><p>&lt;1&gt;</p>");
  EXPECT_EQ((std::vector<int>{counts.n_alone, counts.n_pieces, counts.n_kept}), (std::vector<int>{3, 3, 0}));
}

TEST(Translator, ACutAnswerLosesItsLastLine) {
  FakeModel model([](const std::string& text) {
    return text.find('\n') == std::string::npos ? capitals(text)
                                                : "[1] TITLE\n[2] ONE <1>TWO</1> AND <3/> THREE.\n[3] FO";
  });
  model.is_whole = false;
  TranslatorCounts counts;
  (void)translated(model, Format::Html, kPage, &counts);
  EXPECT_EQ(counts.n_alone, 1);
}

TEST(Translator, LongSegmentsAreCut) {
  std::string text = "The first sentence of many stands here.";
  for (int i = 0; i < 400; ++i) text += " Sentence number " + std::to_string(i) + " says little.";
  FakeModel model(capitals, 400);
  EXPECT_EQ(translated(model, Format::Text, text), capitals(text));
  for (size_t i = 0; i < model.texts.size(); ++i)
    EXPECT_LE(model.count_tokens(model.instructions[i]) + model.count_tokens(model.texts[i]) + model.max_tokens[i],
              400);
}

TEST(Translator, BatchesFitTheContext) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "Paragraph number " + std::to_string(i) + " has a few more words.\n\n";
  FakeModel model(capitals, 400);
  TranslatorCounts counts;
  EXPECT_EQ(translated(model, Format::Text, text, &counts), capitals(text));
  EXPECT_EQ(counts.n_alone + counts.n_pieces, 0);
  EXPECT_GT(counts.n_batches, 1);
  EXPECT_LT(counts.n_batches, 20);
}

TEST(Translator, ATinyContextIsRefused) {
  FakeModel model(capitals, 100);
  EXPECT_THROW(Translator(model, {"German", ""}), RequestError);
}

TEST(Translator, WordsThatLookLikeTagsAreLeftToThePieces) {
  FakeModel model(capitals);
  EXPECT_EQ(translated(model, Format::Html, "<p>write &lt;2&gt; <b>here</b></p>"),
            "<p>WRITE &lt;2&gt; <b>HERE</b></p>");
}

TEST(Sentences, PartsMakeTheTextAgain) {
  const FakeModel words({});
  const auto size = [&](std::string_view text) { return words.count_tokens(text); };
  const std::string text = "One two three. Four five six seven! Eight\n\nnine ten eleven twelve thirteen fourteen";
  for (int limit = 1; limit < 20; ++limit) {
    std::string joined;
    for (const std::string& part : cut_sentences(text, limit, size)) {
      EXPECT_LE(size(part), limit);
      joined += part;
    }
    EXPECT_EQ(joined, text);
  }
  EXPECT_EQ(cut_sentences(text, 8, size)[0], "One two three. Four five six seven! ");
  const auto bytes = [](std::string_view part) { return static_cast<int>(part.size()); };
  EXPECT_EQ(cut_sentences("äöü", 3, bytes), (std::vector<std::string>{"ä", "ö", "ü"}));
  EXPECT_TRUE(cut_sentences("", 3, bytes).empty());
}

TEST(Languages, CodesAndNames) {
  EXPECT_EQ(text::language_name("de"), "German");
  EXPECT_EQ(text::language_name("pt-BR"), "Portuguese (BR)");
  EXPECT_EQ(text::language_name("ZU"), "Zulu");
  EXPECT_EQ(text::language_name("Swiss German"), "Swiss German");
  EXPECT_THROW(text::language_name("xx"), RequestError);
  EXPECT_THROW(text::language_name(""), RequestError);
  EXPECT_THROW(text::language_name("a\nb"), RequestError);
}

}  // namespace
}  // namespace facet::apps
