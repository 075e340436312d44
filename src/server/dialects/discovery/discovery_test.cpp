#include <gtest/gtest.h>

#include "server/dialects/dialects.h"
#include "server/dialects/test_routes.h"

namespace facet::server {
namespace {

struct DiscoveryRoutes : testing::Test {
  TestService service;
  http::Routes routes = discovery_routes(service);

  Json get(const std::string& path) { return Json::parse(ask_routes(routes, "GET", path)->body()); }
  Json post(const std::string& path, const Json& body) {
    return Json::parse(ask_routes(routes, "POST", path, body.dump())->body());
  }
};

TEST_F(DiscoveryRoutes, PropsTellTheContext) {
  const Json props = get("/props");
  EXPECT_EQ(props["default_generation_settings"]["n_ctx"], 32768);
  EXPECT_EQ(props["modalities"], Json::parse(R"({"vision": true, "audio": true})"));
}

TEST_F(DiscoveryRoutes, TextIsTokensAndBack) {
  EXPECT_EQ(post("/tokenize", {{"content", "Hi"}}), Json::parse(R"({"tokens": [72, 105]})"));
  EXPECT_EQ(post("/tokenize", {{"content", "é"}, {"with_pieces", true}})["tokens"][0]["piece"], Json::parse("[195]"));
  EXPECT_EQ(post("/tokenize", {{"content", "H"}, {"with_pieces", true}})["tokens"][0]["piece"], "H");
  EXPECT_EQ(post("/detokenize", {{"tokens", {72, 105}}}), Json::parse(R"({"content": "Hi"})"));
  EXPECT_EQ(ask_routes(routes, "POST", "/detokenize", R"({"tokens": [-1]})")->status(), 400);
}

TEST_F(DiscoveryRoutes, ModelsAreListedForLmStudio) {
  EXPECT_EQ(get("/api/v0/models")["data"][0]["state"], "not-loaded");
  service.info.is_loaded = true;
  const Json one = get("/api/v0/models/nano");
  EXPECT_EQ(one["state"], "loaded");
  EXPECT_EQ(one["capabilities"], Json::parse(R"(["tool_use"])"));
  EXPECT_EQ(get("/api/v1/models")["models"][0]["loaded_instances"][0]["config"]["context_length"], 32768);
  EXPECT_EQ(ask_routes(routes, "GET", "/api/v0/models/other")->status(), 404);
}

}  // namespace
}  // namespace facet::server
