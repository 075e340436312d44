#include "server/answer_reader.h"

#include <gtest/gtest.h>

#include "text/test_vocabularies.h"

namespace facet::server {
namespace {

TEST(CallIds, AreLettersAndDigitsAndDiffer) {
  const std::string a = make_call_id(), b = make_call_id();
  EXPECT_EQ(a.size(), 29u);
  EXPECT_TRUE(a.starts_with("call_"));
  EXPECT_EQ(a.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 5),
            std::string::npos);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace facet::server
