#include "base/error.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(printable("a.gguf: größer, \"▁token\" 🙂"), "a.gguf: größer, \"▁token\" 🙂");
}

TEST(Printable, EscapesWhatTerminalsObey) {
  EXPECT_EQ(printable("a\nb\tc\x1b[31m\x7f"), "a\\nb\\tc\\x1b[31m\\x7f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("a\xc2\x9bm"), "a\\xc2\\x9bm");  // U+009B starts a terminal sequence
  EXPECT_EQ(printable("a\xc2\xa0m"), "a\xc2\xa0m");    // U+00A0 is a space
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("ab\xc3\xb6", 3), "ab...");
  EXPECT_EQ(printable("ab\xc3\xb6", 4), "ab\xc3\xb6");
}

TEST(Error, MessagesAreOneLine) {
  try {
    throw_error<FormatError>("{}: bad", "two\nlines");
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "two\\nlines: bad");
  }
}

}  // namespace
}  // namespace facet
