#include "http/client.h"

#include <gtest/gtest.h>

#include "http/test_client.h"

namespace facet::http {
namespace {

TEST(UrlPlace, HostsArePlain) {
  EXPECT_EQ(place_of_url("https://Tools.Example./mcp").host, "tools.example");
  EXPECT_EQ(place_of_url("https://tools.example/mcp").port, 443);
  EXPECT_EQ(place_of_url("http://[::1]:8080/").host, "::1");
  EXPECT_EQ(place_of_url("http://2130706433/").host, "127.0.0.1");
  for (const char* url :
       {"", "tools.example", "ftp://a/", "file:///etc/passwd", "http://u:p@a/", "http://a b/", "http://"})
    EXPECT_THROW(place_of_url(url), RequestError) << url;
}

class ClientTest : public testing::Test {
 protected:
  ClientReply post(Client& client, const std::string& path, const std::string& body = {}) {
    text_.clear();
    return client.ask("POST", "http://127.0.0.1:" + std::to_string(server_.port()) + path, {{"X-Name", "a"}}, body,
                      [this](const ClientReply&, std::string_view bytes) {
                        text_ += bytes;
                        return text_.size() < enough_;
                      });
  }

  std::string text_;
  size_t enough_ = 1 << 30;
  TestServer server_{
      {route("POST", "/b", echo()), route("POST", "/name", [](const std::shared_ptr<Exchange>& exchange) {
         exchange->reply(404, "text/plain", std::string(exchange->request().header("x-name")));
       })}};
};

TEST_F(ClientTest, RepliesComeWhateverTheirStatus) {
  Client client({});
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(post(client, "/b", large).status, 200);
  EXPECT_TRUE(text_ == large);
  const ClientReply missing = post(client, "/name");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.header("content-type"), "text/plain");
  EXPECT_EQ(text_, "a");
  enough_ = 10;
  EXPECT_EQ(post(client, "/b", large).status, 200) << "who has enough has no error";
}

TEST_F(ClientTest, AddressesThatMayNotBeReachedAreNot) {
  Client client({.may_connect = [](const sockaddr&) { return false; }, .is_cancelled = {}});
  EXPECT_THROW(post(client, "/b"), AddressRefused);
}

TEST_F(ClientTest, WhatTheTakerThrowsComesThrough) {
  Client client({});
  const auto url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/b";
  EXPECT_THROW(client.ask("POST", url, {}, "x", [](const auto&, auto) -> bool { throw FormatError("no"); }),
               FormatError);
}

TEST(Client, WhereNobodyListensIsSaid) {
  Client client({});
  EXPECT_THROW(client.ask("POST", "http://127.0.0.1:1/", {}, "", [](const auto&, auto) { return true; }),
               ResourceError);
}

}  // namespace
}  // namespace facet::http
