#include "text/words.h"

#include <gtest/gtest.h>

namespace facet::text {
namespace {

using Words = std::vector<std::string_view>;

TEST(Words, AreRunsWithoutSpaces) {
  EXPECT_EQ(words(""), Words{});
  EXPECT_EQ(words(" \n\t "), Words{});
  EXPECT_EQ(words("  It's 1.7\n metres, über all. "), (Words{"It's", "1.7", "metres,", "über", "all."}));
}

TEST(Words, AreCharactersWhereNoSpacesAreWritten) {
  EXPECT_EQ(words("東京は cool。"), (Words{"東", "京", "は", "cool", "。"}));
  EXPECT_EQ(words("abc한국어 말"), (Words{"abc한국어", "말"}));  // Korean writes spaces
}

TEST(JoinTexts, PutsASpaceWhereTheScriptHasOne) {
  EXPECT_EQ(join_texts("one", "two"), "one two");
  EXPECT_EQ(join_texts("one ", "two"), "one two");
  EXPECT_EQ(join_texts("", "two"), "two");
  EXPECT_EQ(join_texts("one", ""), "one");
  EXPECT_EQ(join_texts("東京。", "大阪"), "東京。大阪");
}

std::pair<std::string, std::string> removed(std::string before, std::string after) {
  remove_overlap(before, after);
  return {before, after};
}
using Texts = std::pair<std::string, std::string>;

TEST(RemoveOverlap, LeavesSharedWordsInTheFirst) {
  EXPECT_EQ(removed("The quick brown fox jumps", "fox jumps over the dog."),
            Texts("The quick brown fox jumps", "over the dog."));
  // The first clip was thought to end a sentence, and the second to begin one.
  EXPECT_EQ(removed("The quick brown fox jumps.", "Fox jumps over the dog."),
            Texts("The quick brown fox jumps", "over the dog."));
  EXPECT_EQ(removed("I came, I saw", "I saw, I won."), Texts("I came, I saw,", "I won."));
  EXPECT_EQ(removed("all of it", "of it."), Texts("all of it.", ""));
}

TEST(RemoveOverlap, DropsWordsThatWereCut) {
  EXPECT_EQ(removed("we talk about the transcrip", "about the transcription of speech"),
            Texts("we talk about the", "transcription of speech"));
  EXPECT_EQ(removed("we talk about the transcription", "bout the transcription of speech"),
            Texts("we talk about the transcription", "of speech"));
}

TEST(RemoveOverlap, OfCharactersWithoutSpaces) {
  EXPECT_EQ(removed("今日は東京に", "東京に行きます。"), Texts("今日は東京に", "行きます。"));
}

TEST(RemoveOverlap, LeavesTextsThatShareNothing) {
  EXPECT_EQ(removed("one two", "three four"), Texts("one two", "three four"));
  // "the" beside another word is chance.
  EXPECT_EQ(removed("on the table", "the end"), Texts("on the table", "the end"));
  EXPECT_EQ(removed("", "three"), Texts("", "three"));
  EXPECT_EQ(removed("one", ""), Texts("one", ""));
  EXPECT_EQ(removed("...", "..."), Texts("...", "..."));
}

}  // namespace
}  // namespace facet::text
