// Asks the routes of a dialect and reads their replies. For tests.
#pragma once

#include <gtest/gtest.h>

#include "server/dialects/dialects.h"
#include "server/dialects/test_routes.h"
#include "server/store.h"

namespace facet::server {

class OpenAiTest : public testing::Test {
 protected:
  std::shared_ptr<TestExchange> ask(const std::string& method, const std::string& path, const std::string& body = {},
                                    std::map<std::string, std::string> headers = {}) {
    http::Request request;
    request.method = method;
    const size_t mark = path.find('?');
    request.path = path.substr(0, mark);
    for (size_t at = mark; at != std::string::npos;) {
      const size_t equals = path.find('=', at), next = path.find('&', at + 1);
      request.query.emplace(path.substr(at + 1, equals - at - 1), path.substr(equals + 1, next - equals - 1));
      at = next;
    }
    request.headers = std::move(headers);
    request.body = body;
    request.client = client;
    if (routes.empty())
      for (const http::Routes& more : {openai_routes(service, store), model_routes(service)})
        routes.insert(routes.end(), more.begin(), more.end());
    auto exchange = ask_routes(routes, std::move(request));
    store.queue().wait();  // stored, and answered
    return exchange;
  }

  Json ask_json(const std::string& path, const std::string& body, int status = 200) {
    const auto exchange = ask("POST", path, body);
    EXPECT_EQ(exchange->status(), status) << exchange->body();
    EXPECT_TRUE(exchange->has_ended());
    return Json::parse(exchange->body());
  }
  // The data of each event of a stream; the last one, [DONE], as null.
  std::vector<Json> ask_stream(const std::string& path, const std::string& body) {
    const auto exchange = ask("POST", path, body);
    EXPECT_EQ(exchange->status(), 200) << exchange->body();
    EXPECT_EQ(exchange->content_type(), "text/event-stream");
    return stream_data(exchange->body());
  }
  static std::vector<Json> stream_data(const std::string& text) {
    std::vector<Json> data;
    EXPECT_TRUE(text.ends_with("\n\n"));
    for (size_t at = text.find("data: "); at != std::string::npos; at = text.find("data: ", at)) {
      const std::string line = text.substr(at + 6, text.find('\n', at) - at - 6);
      data.push_back(line == "[DONE]" ? Json() : Json::parse(line));
      at += 6 + line.size();
    }
    return data;
  }

  TestService service;
  Store store{":memory:"};
  std::string client = "ann";
  http::Routes routes;  // made with the first request
};

}  // namespace facet::server
