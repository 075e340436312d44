// /page/settings as tabs share them.
#include "server/page/test_page.h"

namespace facet::server {
namespace {

using SettingsRoutesTest = PageTest;

TEST_F(SettingsRoutesTest, SettingsAreNotOverwrittenByAnotherTab) {
  EXPECT_EQ(ask("GET", "/page/settings")->body(), "{}");
  const auto first = ask("PUT", "/page/settings", {{"language", "de"}});
  http::Request late;
  late.method = "PUT";
  late.path = "/page/settings";
  late.headers["if-match"] = "\"0\"";
  late.body = R"({"language":"fr"})";
  EXPECT_EQ(ask_routes(page_.routes, late)->status(), 412);
  late.headers["if-match"] = header(*first, "ETag");
  EXPECT_EQ(ask_routes(page_.routes, late)->status(), 200);
  EXPECT_EQ(json("GET", "/page/settings")["language"], "fr");
  EXPECT_EQ(ask("GET", "/page/settings", nullptr, "ann")->body(), "{}");
}

TEST_F(SettingsRoutesTest, WhatOneOwnerReadIsNoReasonToWriteAnothers) {
  const auto ann = ask("PUT", "/page/settings", {{"language", "de"}}, "ann");
  const auto bob = ask("PUT", "/page/settings", {{"language", "fr"}}, "bob");
  EXPECT_NE(header(*ann, "ETag"), header(*bob, "ETag"));
  http::Request request;
  request.method = "PUT";
  request.path = "/page/settings";
  request.headers["if-match"] = header(*ann, "ETag");
  request.body = R"({"language":"de"})";
  http::Key key;
  key.name = "bob";
  request.key = std::make_shared<const http::Key>(key);
  EXPECT_EQ(ask_routes(page_.routes, request)->status(), 412);
  request.headers["if-match"] = header(*bob, "ETag");
  EXPECT_EQ(ask_routes(page_.routes, request)->status(), 200);
}

}  // namespace
}  // namespace facet::server
