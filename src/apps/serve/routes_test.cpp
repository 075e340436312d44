#include "apps/serve/routes.h"

#include <gtest/gtest.h>

#include "http/keys.h"
#include "server/dialects/test_routes.h"
#include "server/store.h"

namespace facet::apps {
namespace {

// Of any name; the default is "one".
class ManyModels : public server::TestService {
 public:
  server::ModelInfo model(const std::string& name) override {
    server::ModelInfo found = info;
    found.name = name.empty() ? "one" : name;
    return found;
  }
};

// What a key that is for one model alone gets.
int status_of(http::Request request, const std::string& model = "one") {
  ManyModels service;
  server::Store store(":memory:");
  http::Key key;
  key.name = "laptop";
  key.models = {model};
  request.key = std::make_shared<const http::Key>(key);
  return server::ask_routes(all_routes(service, store), std::move(request))->status();
}

int status_of(const std::string& path, const std::string& body, const std::string& content_type = {}) {
  http::Request request;
  request.method = "POST";
  request.path = path;
  request.body = body;
  if (!content_type.empty()) request.headers["content-type"] = content_type;
  return status_of(std::move(request));
}

TEST(ServeRoutes, AKeyForSomeModelsAsksForNoOthers) {
  constexpr int kForbidden = 403;
  for (const char* body : {R"({"model":"two"})", R"({"model":"one","model":"two"})"}) {
    EXPECT_EQ(status_of("/v1/chat/completions", body), kForbidden) << body;
    EXPECT_EQ(status_of("/api/chat", body), kForbidden) << body;
  }
  EXPECT_EQ(status_of("/v1beta/models/two:generateContent", "{}"), kForbidden);
  EXPECT_NE(status_of("/v1beta/models/one:generateContent", "{}"), kForbidden);
  EXPECT_NE(status_of("/v1/chat/completions", "{}"), kForbidden);
  EXPECT_EQ(status_of("/v1/batches", "{}"), kForbidden) << "its lines may name any";
}

TEST(ServeRoutes, PropertiesAreThoseOfTheDefaultModel) {
  http::Request request;
  request.method = "GET";
  request.path = "/props";
  EXPECT_EQ(status_of(request, "one"), 200);
  EXPECT_EQ(status_of(request, "two"), 403);
}

TEST(ServeRoutes, FormsNameModelsToo) {
  const auto status_of_form = [](const std::string& model) {
    const std::string form = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + model + "\r\n--b--\r\n";
    return status_of("/v1/audio/transcriptions", form, "multipart/form-data; boundary=b");
  };
  EXPECT_EQ(status_of_form("two"), 403);
  EXPECT_EQ(status_of_form("one"), 400) << "there is no sound in it";
}

}  // namespace
}  // namespace facet::apps
