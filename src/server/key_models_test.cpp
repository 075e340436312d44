#include "server/key_models.h"

#include <gtest/gtest.h>

#include "http/keys.h"
#include "server/dialects/dialects.h"
#include "server/dialects/test_routes.h"

namespace facet::server {
namespace {

class KeyModels : public testing::Test {
 protected:
  KeyModels() {
    for (http::Routes more : {model_routes(service_), ollama_routes(service_), anthropic_routes(service_),
                              gemini_routes(service_), discovery_routes(service_)})
      routes_.insert(routes_.end(), more.begin(), more.end());
  }
  // With a key that is for this model alone.
  std::shared_ptr<TestExchange> ask(const std::string& model, const std::string& method, const std::string& path,
                                    const std::string& body = {}, const std::string& header = {}) {
    http::Key key;
    key.name = "ann";
    key.models = {model};
    http::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    if (!header.empty()) request.headers[header] = "x";
    request.key = std::make_shared<const http::Key>(key);
    return ask_routes(routes_, std::move(request));
  }

  TestService service_;
  http::Routes routes_;
};

TEST_F(KeyModels, ListsNameWhatTheKeyIsFor) {
  for (const char* path : {"/v1/models", "/v1beta/models", "/api/tags", "/api/v0/models", "/api/v1/models"}) {
    const auto own = ask("nano", "GET", path), other = ask("large", "GET", path);
    EXPECT_EQ(own->status(), 200) << path;
    EXPECT_NE(own->body().find("nano"), std::string::npos) << path;
    EXPECT_EQ(other->status(), 200) << path;
    EXPECT_EQ(other->body().find("nano"), std::string::npos) << path << ": " << other->body();
  }
}

TEST_F(KeyModels, EachProtocolsListDoes) {
  for (const char* header : {"anthropic-version", "x-goog-api-key"}) {
    EXPECT_NE(ask("nano", "GET", "/v1/models", {}, header)->body().find("nano"), std::string::npos) << header;
    EXPECT_EQ(ask("large", "GET", "/v1/models", {}, header)->body().find("nano"), std::string::npos) << header;
  }
}

TEST_F(KeyModels, NothingIsSaidOfOtherModels) {
  for (const char* path : {"/v1/models/nano", "/v1beta/models/nano", "/api/v0/models/nano"}) {
    EXPECT_EQ(ask("nano", "GET", path)->status(), 200) << path;
    EXPECT_EQ(ask("large", "GET", path)->status(), 403) << path;
  }
  EXPECT_EQ(ask("nano", "GET", "/props")->status(), 200);
  EXPECT_EQ(ask("large", "GET", "/props")->status(), 403);
  EXPECT_EQ(ask("nano", "POST", "/api/show", R"({"model": "nano"})")->status(), 200);
  EXPECT_EQ(ask("large", "POST", "/api/show", R"({"model": "nano"})")->status(), 403);
}

}  // namespace
}  // namespace facet::server
