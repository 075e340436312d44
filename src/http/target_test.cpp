#include "http/target.h"

#include <gtest/gtest.h>

#include "http/status_error.h"

namespace facet::http {
namespace {

TEST(Target, PathAndQueryAreDecoded) {
  const Target target = parse_target("/v1/mod%65ls/a%2Fb+c?x=1&y=a+b%26&x=2&flag&&=v#f");
  EXPECT_EQ(target.path, "/v1/models/a/b+c");
  EXPECT_EQ(target.query,
            (std::multimap<std::string, std::string>{{"x", "1"}, {"y", "a b&"}, {"x", "2"}, {"flag", ""}, {"", "v"}}));
  EXPECT_EQ(parse_target("http://host:1/a?b=c").path, "/a");
  EXPECT_EQ(parse_target("http://host").path, "/");
  EXPECT_EQ(parse_target("/?u=http://x/").path, "/");
}

TEST(Target, WhatIsNone) {
  for (const char* target : {"", "a", "?x=1", "/%", "/%4", "/%zz", "/%00", "/a?x=%f"})
    EXPECT_THROW(parse_target(target), StatusError) << target;
  std::string many = "/?";
  for (int i = 0; i < 101; ++i) many += "a&";
  EXPECT_THROW(parse_target(many), StatusError);
}

}  // namespace
}  // namespace facet::http
