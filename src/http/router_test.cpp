#include "http/router.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "http/status_error.h"

namespace facet::http {
namespace {

TEST(Router, ExactBeforeTailAndTheLongerTailFirst) {
  const auto to = [](const char* path) { return Route{"GET", path, {}, Scope::Use}; };
  const Router router({to("/a"), to("/a/*"), to("/a/b/*"), to("/a/b/c"), to("/")});
  EXPECT_EQ(router.find("GET", "/a").path, "/a");
  EXPECT_EQ(router.find("HEAD", "/a/x").path, "/a/*");
  EXPECT_EQ(router.find("GET", "/a/x/y").path, "/a/*");
  EXPECT_EQ(router.find("GET", "/a/b/d").path, "/a/b/*");
  EXPECT_EQ(router.find("GET", "/a/b/c").path, "/a/b/c");
  EXPECT_EQ(router.find("GET", "/").path, "/");
  EXPECT_EQ(router.find("GET", "/a/*").path, "/a/*");
  for (const char* path : {"/b", "/a/", "", "/ab", "//"}) EXPECT_THROW(router.find("GET", path), StatusError) << path;
  EXPECT_THROW(router.find("POST", "/a"), StatusError);
  EXPECT_EQ(router.methods_of("/a"), "OPTIONS, HEAD, GET");
  EXPECT_EQ(router.methods_of("/b"), "");
  EXPECT_THROW(Router({to("/a"), to("/a")}), RequestError);
}

}  // namespace
}  // namespace facet::http
