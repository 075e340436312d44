#include "base/ascii_case.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

TEST(AsciiCase, LettersAloneChange) {
  EXPECT_EQ(ascii_lower("Content-TYPE @[`{ AZ"), "content-type @[`{ az");
  EXPECT_EQ(ascii_lower("\xC3\x89"), "\xC3\x89");  // É
}

TEST(AsciiCase, ComparesWithoutIt) {
  EXPECT_TRUE(equals_ignoring_case("Form-Data", "form-dAta"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("form", "form-data"));
  EXPECT_FALSE(equals_ignoring_case("form-data", "form"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
}

}  // namespace
}  // namespace facet
