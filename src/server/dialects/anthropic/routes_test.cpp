#include <gtest/gtest.h>

#include "server/dialects/anthropic/models.h"
#include "server/dialects/dialects.h"
#include "server/dialects/test_routes.h"

namespace facet::server {
namespace {

struct AnthropicRoutes : testing::Test {
  TestService service;
  http::Routes routes = anthropic_routes(service);

  std::shared_ptr<TestExchange> post(const Json& more = Json::object(), const std::string& path = "/v1/messages") {
    Json body = {{"model", "nano"}, {"max_tokens", 8}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
    body.update(more);
    return ask_routes(routes, "POST", path, body.dump());
  }
  static std::vector<std::string> kinds(const std::vector<Json>& events) {
    std::vector<std::string> kinds;
    for (const Json& event : events) kinds.push_back(event["type"]);
    return kinds;
  }
};

TEST_F(AnthropicRoutes, AMessageHasItsBlocks) {
  service.events = example_answer();
  const Json message = Json::parse(post()->body());
  EXPECT_EQ(message["type"], "message");
  EXPECT_EQ(message["content"][0]["thinking"], "hm.");
  EXPECT_FALSE(message["content"][0]["signature"].get<std::string>().empty());
  EXPECT_EQ(message["content"][1], Json::parse(R"({"type": "text", "text": "Hello"})"));
  EXPECT_EQ(message["content"][2],
            Json::parse(R"({"type": "tool_use", "id": "toolu_abc", "name": "add", "input": {"a": 1}})"));
  EXPECT_EQ(message["stop_reason"], "tool_use");
  EXPECT_EQ(message["usage"], Json::parse(R"({"input_tokens": 8, "cache_creation_input_tokens": 0,
      "cache_read_input_tokens": 12, "output_tokens": 9})"));
}

TEST_F(AnthropicRoutes, AStreamHasAllEventsInOrder) {
  service.events = example_answer();
  const auto reply = post({{"stream", true}});
  EXPECT_EQ(reply->content_type(), "text/event-stream");
  const auto events = json_lines(reply->body());
  EXPECT_EQ(kinds(events),
            (std::vector<std::string>{
                "message_start", "ping",  //
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_delta",
                "content_block_stop",  // thought, signature
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",  // text
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",  // call
                "message_delta", "message_stop"}));
  EXPECT_EQ(events[0]["message"]["usage"]["input_tokens"], 8);
  EXPECT_EQ(events[0]["message"]["content"], Json::array());
  EXPECT_EQ(events[5]["delta"]["type"], "signature_delta");
  EXPECT_EQ(events[8]["index"], 1);
  EXPECT_EQ(events[8]["delta"], Json::parse(R"({"type": "text_delta", "text": "Hel"})"));
  EXPECT_EQ(events[11]["content_block"]["input"], Json::object());
  EXPECT_EQ(
      events[12]["delta"]["partial_json"].get<std::string>() + events[13]["delta"]["partial_json"].get<std::string>(),
      R"({"a":1})");
  EXPECT_EQ(events[15]["delta"]["stop_reason"], "tool_use");
  EXPECT_EQ(events[15]["usage"]["output_tokens"], 9);
  EXPECT_NE(reply->body().find("event: message_stop\ndata: {"), std::string::npos);
}

TEST_F(AnthropicRoutes, ACallWithoutPiecesIsSentWhole) {
  service.events = {event::Started{"nano", 5, 0}, event::CallEnd{0, 0, "call_x", "f", {{"n", 2}}},
                    event::Finished{0, Finish::Calls, "", {}}, event::Done{{}}};
  const auto events = json_lines(post({{"stream", true}})->body());
  EXPECT_EQ(events[3]["delta"]["partial_json"], R"({"n":2})");
  EXPECT_EQ(events[4]["type"], "content_block_stop");
}

TEST_F(AnthropicRoutes, StopReasons) {
  service.events = short_answer(Finish::StopString, "END");
  Json message = Json::parse(post()->body());
  EXPECT_EQ(message["stop_reason"], "stop_sequence");
  EXPECT_EQ(message["stop_sequence"], "END");
  service.events = short_answer(Finish::Length);
  message = Json::parse(post()->body());
  EXPECT_EQ(message["stop_reason"], "max_tokens");
  EXPECT_TRUE(message["stop_sequence"].is_null());
  service.events = short_answer(Finish::Stop);
  EXPECT_EQ(Json::parse(post()->body())["stop_reason"], "end_turn");
}

TEST_F(AnthropicRoutes, AnErrorInAStreamIsAnEvent) {
  service.events = {event::Started{"nano", 5, 0}, event::Failed{std::make_exception_ptr(ShortageError("no memory"))}};
  const auto reply = post({{"stream", true}});
  EXPECT_EQ(json_lines(reply->body()).back()["error"]["type"], "overloaded_error");
  EXPECT_NE(reply->body().find("event: error\n"), std::string::npos);
}

TEST_F(AnthropicRoutes, ErrorsHaveTypesAndTheRequestsId) {
  const auto reply = post({{"model", "no-such-model"}});
  EXPECT_EQ(reply->status(), 404);
  const Json error = Json::parse(reply->body());
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["error"]["type"], "not_found_error");
  EXPECT_EQ(error["request_id"], "req_1");
}

TEST_F(AnthropicRoutes, TokensAreCountedWithoutALimit) {
  const auto reply = post({{"max_tokens", nullptr}}, "/v1/messages/count_tokens");
  EXPECT_EQ(Json::parse(reply->body()), Json::parse(R"({"input_tokens": 7})"));
}

TEST_F(AnthropicRoutes, ModelsAreListed) {
  const Json list = anthropic_model_list(service.models());
  EXPECT_EQ(list["data"][0]["id"], "nano");
  EXPECT_EQ(list["data"][0]["type"], "model");
  EXPECT_EQ(list["data"][0]["created_at"], "2026-09-21T14:13:20Z");
  EXPECT_EQ(list["has_more"], false);
  EXPECT_EQ(anthropic_model_list({})["first_id"], Json());
}

}  // namespace
}  // namespace facet::server
