// /page/models as the page asks for them.
#include "server/page/test_page.h"

namespace facet::server {
namespace {

using ModelRoutesTest = PageTest;

TEST_F(ModelRoutesTest, ModelsComeWithWhatTheyTakeOfTheMemory) {
  const auto events = ask("GET", "/page/events");
  service_.info.memory = {5000, 100, 200, 2, 30, 4, 7};
  const Json list = json("GET", "/page/models");
  const Json& model = list["models"][0];
  EXPECT_EQ(model["name"], "nano");
  EXPECT_EQ(model["path_name"], "nano.gguf");
  EXPECT_EQ(model["plan"]["total"], 5241);
  EXPECT_EQ(model["loaded"], false);
  EXPECT_EQ(model["loading"], false);
  EXPECT_EQ(list["memory"]["free"], int64_t{7} << 30);
  EXPECT_EQ(list["machine"]["isa"], "avx2");
  EXPECT_EQ(json("POST", "/page/models/nano/load")["loaded"], true);
  EXPECT_EQ(json("POST", "/page/models/nano/unload")["loaded"], false);
  EXPECT_EQ(ask("POST", "/page/models/nano/burn")->status(), 404);
  service_.info.share_read = 0.5;
  EXPECT_EQ(json("GET", "/page/models")["models"][0]["read"], 0.5);
  service_.info.is_loading = true;
  EXPECT_EQ(json("GET", "/page/models")["models"][0]["loading"], true);
  service_.changed();
  EXPECT_EQ(json_lines(events->body()).back()["type"], "models");
}

TEST_F(ModelRoutesTest, AKeyForOtherModelsSeesNoneOfThese) {
  http::Key key;
  key.name = "ann";
  key.models = {"large"};
  http::Request request;
  request.method = "GET";
  request.path = "/page/models";
  request.key = std::make_shared<const http::Key>(key);
  EXPECT_EQ(Json::parse(ask_routes(page_.routes, request)->body())["models"].size(), 0u);
  request.method = "POST";
  request.path = "/page/models/nano/load";
  EXPECT_EQ(ask_routes(page_.routes, request)->status(), 403);
  EXPECT_FALSE(service_.info.is_loaded);
}

}  // namespace
}  // namespace facet::server
