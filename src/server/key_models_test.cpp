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
  std::shared_ptr<TestExchange> ask(const std::string& model, const std::string& path, const std::string& header = {}) {
    http::Key key;
    key.name = "ann";
    key.models = {model};
    http::Request request;
    request.method = "GET";
    request.path = path;
    if (!header.empty()) request.headers[header] = "x";
    request.key = std::make_shared<const http::Key>(key);
    return ask_routes(routes_, std::move(request));
  }

  TestService service_;
  http::Routes routes_;
};

TEST_F(KeyModels, ListsNameWhatTheKeyIsFor) {
  for (const char* path : {"/v1/models", "/v1beta/models", "/api/tags", "/api/v0/models", "/api/v1/models"}) {
    const auto own = ask("nano", path), other = ask("large", path);
    EXPECT_EQ(own->status(), 200) << path;
    EXPECT_NE(own->body().find("nano"), std::string::npos) << path;
    EXPECT_EQ(other->status(), 200) << path;
    EXPECT_EQ(other->body().find("nano"), std::string::npos) << path << ": " << other->body();
  }
}

TEST_F(KeyModels, EachProtocolsListDoes) {
  for (const char* header : {"anthropic-version", "x-goog-api-key"}) {
    EXPECT_NE(ask("nano", "/v1/models", header)->body().find("nano"), std::string::npos) << header;
    EXPECT_EQ(ask("large", "/v1/models", header)->body().find("nano"), std::string::npos) << header;
  }
}

}  // namespace
}  // namespace facet::server
