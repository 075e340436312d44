// Responses with tools of an MCP server over real sockets, and a model whose answers are written down.
#include <future>

#include "server/dialects/openai/openai_test.h"
#include "server/dialects/openai/responses/test_events.h"
#include "server/mcp/test_mcp_server.h"

namespace facet::server {
namespace {

// Gives each request the next of `answers`; the last one again and again.
class ScriptedService : public TestService {
 public:
  std::vector<std::vector<Event>> answers;

  std::shared_ptr<Job> generate(GenerationRequest request, EventSink sink) override {
    events = answers.at(std::min(asked.size(), answers.size() - 1));
    return TestService::generate(std::move(request), std::move(sink));
  }
};

class AwaitedExchange : public TestExchange {
 public:
  using TestExchange::TestExchange;
  void end() override {
    TestExchange::end();
    ended_.set_value();
  }
  void wait() { ASSERT_EQ(ended_.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready); }

 private:
  std::promise<void> ended_;
};

std::vector<Event> says(const std::string& text, Finish reason = Finish::Stop) {
  Usage usage;
  usage.n_prompt = 10;
  usage.n_generated = 3;
  return {event::Started{"nano", 10, 0}, event::Text{0, text, {}}, event::Finished{0, reason, "", {}},
          event::Done{usage}};
}

std::vector<Event> calls(const std::vector<std::string>& names) {
  std::vector<Event> events = {event::Started{"nano", 10, 0}, event::Thought{0, "hm"}};
  int call = 0;
  for (const std::string& name : names) {
    const std::string id = "call_" + std::to_string(call);
    events.push_back(event::CallBegin{0, call, id, name});
    events.push_back(event::CallArguments{0, call, "{\"word\":"});
    events.push_back(event::CallArguments{0, call, "\"x\"}"});
    events.push_back(event::CallEnd{0, call++, id, name, {{"word", "x"}}});
  }
  Usage usage;
  usage.n_prompt = 10;
  usage.n_generated = 7;
  events.push_back(event::Finished{0, Finish::Calls, "", {}});
  events.push_back(event::Done{usage});
  return events;
}

class McpAnswerTest : public testing::Test {
 protected:
  std::shared_ptr<AwaitedExchange> ask(const std::string& inside) {
    http::Request request;
    request.method = "POST";
    request.path = "/v1/responses";
    request.client = "ann";
    request.body = "{" + inside + "}";
    auto exchange = std::make_shared<AwaitedExchange>(std::move(request));
    for (const http::Route& route : routes)
      if (route.path == "/v1/responses") route.handler(exchange);
    exchange->wait();
    return exchange;
  }
  Json answer(const std::string& inside) { return Json::parse(ask(inside)->body()); }
  std::string tools(const std::string& more = R"(,"require_approval":"never")") const {
    return R"("tools":[{"type":"mcp","server_label":"s","server_url":")" + server.url() + "\"" + more + "}]";
  }
  static std::vector<std::string> types(const Json& response) {
    std::vector<std::string> types;
    for (const Json& item : response["output"]) types.push_back(item["type"]);
    return types;
  }

  TestMcpServer server{{{"get", [](const Json& a) { return TestMcpServer::text("got " + a.value("word", "")); }},
                        {"put", [](const Json&) {
                           Json result = TestMcpServer::text("full");
                           result["isError"] = true;
                           return result;
                         }}}};
  ScriptedService service;
  Store store{":memory:"};
  http::Routes routes = openai_routes(service, store, McpAccess({}, [] { return true; }));
};

TEST_F(McpAnswerTest, CallsAreMadeAndTheModelGoesOn) {
  service.answers = {calls({"get", "put"}), says("So.")};
  const Json response =
      answer(R"("input":"Hi","tool_choice":{"type":"mcp","server_label":"s","name":"get"},)" + tools());
  EXPECT_EQ(types(response), (Types{"mcp_list_tools", "reasoning", "mcp_call", "mcp_call", "message"}));
  const Json& output = response["output"];
  EXPECT_EQ(output[0]["tools"].size(), 2u);
  EXPECT_EQ(output[2]["status"], "completed");
  EXPECT_EQ(output[2]["arguments"], "{\"word\":\"x\"}");
  EXPECT_EQ(output[2]["output"], "got x");
  EXPECT_EQ(output[2]["error"], Json());
  EXPECT_EQ(output[3]["status"], "failed");
  EXPECT_EQ(output[3]["error"]["type"], "mcp_tool_execution_error");
  EXPECT_EQ(response["status"], "completed");
  EXPECT_EQ(response["usage"]["input_tokens"], 20);
  EXPECT_EQ(response["usage"]["output_tokens"], 10);

  ASSERT_EQ(service.asked.size(), 2u);
  EXPECT_EQ(service.asked[0].tool_choice.name, "get");
  EXPECT_EQ(service.asked[1].tool_choice.kind, ToolChoice::Kind::Auto) << "what had to be called has been";
  const Json& messages = service.asked[1].messages;
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[1]["reasoning_content"], "hm");
  EXPECT_EQ(messages[1]["tool_calls"].size(), 2u);
  EXPECT_EQ(messages[2]["content"], "got x");
  EXPECT_EQ(messages[3]["content"], "full");
}

TEST_F(McpAnswerTest, StreamsTellEachStep) {
  service.answers = {calls({"get"}), says("So.")};
  const std::vector<Json> events = json_lines(ask(R"("stream":true,"input":"Hi",)" + tools())->body());
  EXPECT_EQ(event_types(events),
            with_message({"created", "in_progress", "output_item.added", "mcp_list_tools.in_progress",
                          "mcp_list_tools.completed", "output_item.done", "output_item.added", "reasoning_text.delta",
                          "reasoning_text.done", "output_item.done", "output_item.added", "mcp_call.in_progress",
                          "mcp_call_arguments.delta", "mcp_call_arguments.delta", "mcp_call_arguments.done",
                          "mcp_call.completed", "output_item.done"},
                         {"completed"}));
  EXPECT_EQ(events[14]["arguments"], "{\"word\":\"x\"}");
  EXPECT_EQ(events[14]["item_id"], events[10]["item"]["id"]);
  EXPECT_EQ(events.back()["response"]["output"][2], events[16]["item"]);
}

TEST_F(McpAnswerTest, WhatIsListedIsNotListedAgain) {
  service.answers = {says("Hello.")};
  const std::string id = answer(R"("input":"Hi",)" + tools())["id"];
  const Json second = answer(R"("input":"And?","previous_response_id":")" + id + "\"," + tools());
  EXPECT_EQ(types(second), Types{"message"});
  EXPECT_EQ(service.asked.at(1).tools.size(), 2u);
  EXPECT_EQ(server.asked(), (Types{"initialize", "notifications/initialized", "tools/list"}));
}

TEST_F(McpAnswerTest, CallsWaitForApproval) {
  service.answers = {calls({"get"}), says("So.")};
  const Json first = answer(R"("input":"Hi",)" + tools(""));
  EXPECT_EQ(types(first), (Types{"mcp_list_tools", "reasoning", "mcp_approval_request"}));
  EXPECT_EQ(first["output"][2]["arguments"], "{\"word\":\"x\"}");
  const std::string id = first["id"], request = first["output"][2]["id"];
  const std::string approval = R"("previous_response_id":")" + id +
                               R"(","input":[{"type":"mcp_approval_response","approval_request_id":")" + request +
                               R"(","approve":true}],)";
  const Json second = answer(approval + tools(""));
  EXPECT_EQ(types(second), (Types{"mcp_call", "message"}));
  EXPECT_EQ(second["output"][0]["approval_request_id"], request);
  EXPECT_EQ(second["output"][0]["output"], "got x");
  EXPECT_EQ(service.asked.at(1).messages.back()["content"], "got x");
  // Further on it has been made, and is not made again.
  const std::string second_id = second["id"];
  const Json third = answer(R"("input":"And?","previous_response_id":")" + second_id + "\"," + tools(""));
  EXPECT_EQ(types(third), Types{"message"});
  EXPECT_EQ(server.asked().back(), "call get");
  EXPECT_EQ(service.asked.at(2).messages[2]["content"], "got x");
}

TEST_F(McpAnswerTest, FunctionsOfTheClientEndTheResponse) {
  service.answers = {calls({"get", "f"})};
  const std::string both = tools();
  const Json response =
      answer(R"("input":"Hi",)" + both.substr(0, both.size() - 1) + R"(,{"type":"function","name":"f"}])");
  EXPECT_EQ(types(response), (Types{"mcp_list_tools", "reasoning", "mcp_call", "function_call"}));
  EXPECT_EQ(response["output"][2]["output"], "got x");
  EXPECT_EQ(service.asked.size(), 1u);
}

TEST_F(McpAnswerTest, RoundsEnd) {
  service.answers = {calls({"get"})};
  const Json response = answer(R"("input":"Hi",)" + tools());
  EXPECT_EQ(service.asked.size(), 16u);
  EXPECT_EQ(service.asked.back().tool_choice.kind, ToolChoice::Kind::None);
  service.asked.clear();
  service.answers = {calls({"get"}), says("So.")};
  EXPECT_EQ(types(answer(R"("input":"Hi","max_output_tokens":7,)" + tools())).size(), 3u);
  service.asked.clear();
  answer(R"("input":"Hi","max_tool_calls":1,)" + tools());
  EXPECT_EQ(service.asked.at(1).tool_choice.kind, ToolChoice::Kind::None);
}

TEST_F(McpAnswerTest, AServerThatIsNotThereHasNoTools) {
  service.answers = {says("Hello.")};
  const Json response =
      answer(R"("input":"Hi","tools":[{"type":"mcp","server_label":"s","server_url":"http://127.0.0.1:1/mcp"}])");
  EXPECT_EQ(types(response), (Types{"mcp_list_tools", "message"}));
  EXPECT_NE(response["output"][0]["error"].get<std::string>().find("cannot be asked"), std::string::npos);
  EXPECT_TRUE(response["output"][0]["tools"].empty());
}

TEST_F(McpAnswerTest, OthersAreNotAsked) {
  service.answers = {says("Hello.")};
  try {
    ask(R"("input":"Hi","tools":[{"type":"mcp","server_label":"s","server_url":"http://10.0.0.1/mcp"}])");
    FAIL();
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    EXPECT_EQ(e.parameter(), "tools[0].server_url");
  }
}

TEST_F(McpAnswerTest, ItEndsWithTheServer) {
  std::promise<void> is_called;
  std::atomic<bool> may_answer{false};
  TestMcpServer slow({{"get", [&](const Json&) {
                         is_called.set_value();
                         while (!may_answer) std::this_thread::sleep_for(std::chrono::milliseconds(5));
                         return TestMcpServer::text("late");
                       }}});
  service.answers = {calls({"get"}), says("So.")};
  http::Request request;
  request.body =
      R"({"input":"Hi","tools":[{"type":"mcp","server_label":"s","require_approval":"never","server_url":")" +
      slow.url() + "\"}]}";
  auto exchange = std::make_shared<AwaitedExchange>(std::move(request));
  for (const http::Route& route : routes)
    if (route.path == "/v1/responses") route.handler(exchange);
  is_called.get_future().wait();
  routes.clear();  // waits for what is under way, which is cancelled
  exchange->wait();
  may_answer = true;
  EXPECT_EQ(Json::parse(exchange->body())["output"][2]["status"], "incomplete");
}

}  // namespace
}  // namespace facet::server
