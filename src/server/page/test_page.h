// The page's routes as its script asks them, on a database in memory. For tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/keys.h"
#include "media/drawn_pictures.h"
#include "media/png_writer.h"
#include "server/dialects/test_routes.h"
#include "server/page/page.h"
#include "server/store.h"

namespace facet::server {

class PageTest : public testing::Test {
 protected:
  std::shared_ptr<TestExchange> ask(const std::string& method, const std::string& path, const Json& body = nullptr,
                                    const std::string& key_name = {}) {
    http::Request request;
    request.method = method;
    const size_t query = path.find('?');
    request.path = path.substr(0, query);
    for (size_t at = query; at != std::string::npos; at = path.find('&', at + 1)) {
      const std::string pair = path.substr(at + 1, path.find('&', at + 1) - at - 1);
      request.query.emplace(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    }
    if (!body.is_null()) request.body = body.dump();
    if (!key_name.empty()) {
      http::Key key;
      key.name = key_name;
      request.key = std::make_shared<const http::Key>(key);
    }
    return ask_routes(page_.routes, std::move(request));
  }
  Json json(const std::string& method, const std::string& path, const Json& body = nullptr,
            const std::string& key_name = {}) {
    const auto exchange = ask(method, path, body, key_name);
    EXPECT_EQ(exchange->status(), 200) << method << " " << path << ": " << exchange->body();
    return Json::parse(exchange->body());
  }
  std::string error(const std::string& method, const std::string& path, const Json& body = nullptr) {
    const auto exchange = ask(method, path, body);
    return std::to_string(exchange->status()) + " " +
           Json::parse(exchange->body())["error"]["message"].get<std::string>();
  }
  static std::string header(const TestExchange& exchange, const std::string& name) {
    for (const auto& [key, value] : exchange.headers())
      if (key == name) return value;
    return {};
  }
  // A medium of these bytes, uploaded.
  Json upload(const std::string& bytes, const std::string& name, const std::string& type = {}) {
    http::Request request;
    request.method = "POST";
    request.path = "/page/media";
    request.query.emplace("name", name);
    request.headers["content-type"] = type;
    request.body = bytes;
    const auto exchange = ask_routes(page_.routes, std::move(request));
    EXPECT_EQ(exchange->status(), 200) << exchange->body();
    return Json::parse(exchange->body());
  }
  std::string new_conversation(const std::string& title = "One") {
    return json("POST", "/page/conversations", {{"title", title}})["id"];
  }
  Json say(const std::string& conversation, const std::string& text, const Json& parent = nullptr) {
    return json("POST", "/page/conversations/" + conversation + "/messages",
                {{"role", "user"}, {"parent", parent}, {"content", {{{"type", "text"}, {"text", text}}}}});
  }

  TestService service_;
  Store store_{":memory:"};
  PageRoutes page_ = page_routes(service_, store_);
};

inline std::string picture(int width, int height, uint8_t shade = 200) {
  return media::encode_png(media::flat(width, height, shade));
}

}  // namespace facet::server
