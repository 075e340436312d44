#include <gtest/gtest.h>

#include "server/dialects/dialects.h"
#include "server/dialects/test_routes.h"

namespace facet::server {
namespace {

struct McpRoutes : testing::Test {
  TestService service;
  http::Routes routes = mcp_routes(service);

  std::shared_ptr<TestExchange> send(const char* body) { return ask_routes(routes, "POST", "/mcp", body); }
  Json call(const std::string& tool, const Json& arguments) {
    const Json body = {{"jsonrpc", "2.0"},
                       {"id", 5},
                       {"method", "tools/call"},
                       {"params", {{"name", tool}, {"arguments", arguments}}}};
    return Json::parse(send(body.dump().c_str())->body());
  }
};

TEST_F(McpRoutes, BeginsWithTheRevisionThatTheClientKnows) {
  const Json known = Json::parse(send(R"({"jsonrpc": "2.0", "id": "a", "method": "initialize",
      "params": {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}})")
                                     ->body());
  EXPECT_EQ(known["id"], "a");
  EXPECT_EQ(known["result"]["protocolVersion"], "2025-03-26");
  EXPECT_TRUE(known["result"]["capabilities"].contains("tools"));
  const Json other = Json::parse(send(R"({"jsonrpc": "2.0", "id": 1, "method": "initialize",
      "params": {"protocolVersion": "1999-01-01"}})")
                                     ->body());
  EXPECT_EQ(other["result"]["protocolVersion"], "2025-06-18");
  const auto notified = send(R"({"jsonrpc": "2.0", "method": "notifications/initialized"})");
  EXPECT_EQ(notified->status(), 202);
  EXPECT_EQ(notified->body(), "");
}

TEST_F(McpRoutes, ToolsAreWhatTheModelCan) {
  const auto names = [this] {
    std::vector<std::string> names;
    const Json list = Json::parse(send(R"({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})")->body());
    for (const Json& tool : list["result"]["tools"]) {
      EXPECT_EQ(tool["inputSchema"]["type"], "object");
      EXPECT_TRUE(tool["inputSchema"]["required"].is_array()) << tool;
      names.push_back(tool["name"]);
    }
    return names;
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"ask", "describe_image", "transcribe", "translate", "embed"}));
  service.info.sees = service.info.hears = false;
  EXPECT_EQ(names(), (std::vector<std::string>{"ask", "translate", "embed"}));
}

TEST_F(McpRoutes, CallsAreAnswered) {
  service.events = short_answer(Finish::Stop);
  const Json asked = call("ask", {{"prompt", "Who?"}, {"system", "Be brief."}});
  EXPECT_EQ(asked["id"], 5);
  EXPECT_EQ(asked["result"], Json::parse(R"({"content": [{"type": "text", "text": "Hi"}], "isError": false})"));
  EXPECT_EQ(service.asked.at(0).messages.size(), 2u);
  call("translate", {{"text", "Haus"}, {"to", "English"}});
  EXPECT_NE(service.asked.at(1).messages[0]["content"].get<std::string>().find("Haus"), std::string::npos);
  EXPECT_EQ(call("transcribe", {{"audio", "UklGRg=="}})["result"]["content"][0]["text"], "one two three");
  const Json vectors =
      Json::parse(call("embed", {{"texts", {"a", "b"}}})["result"]["content"][0]["text"].get<std::string>());
  EXPECT_EQ(vectors.size(), 2u);
}

TEST_F(McpRoutes, ErrorsOfToolsAreResults) {
  EXPECT_EQ(call("ask", Json::object())["result"]["isError"], true);
  EXPECT_EQ(call("describe_image", {{"image", "bm90IGFuIGltYWdl"}})["result"]["isError"], true);
  EXPECT_EQ(call("no-such-tool", Json::object())["error"]["code"], -32602);
  EXPECT_EQ(Json::parse(send(R"({"jsonrpc": "2.0", "id": 1, "method": "resources/list"})")->body())["error"]["code"],
            -32601);
}

TEST_F(McpRoutes, DamagedMessagesAreErrorsOfJsonRpc) {
  const auto code = [this](const char* body) { return Json::parse(send(body)->body())["error"]["code"]; };
  EXPECT_EQ(code("{"), -32700);
  EXPECT_EQ(code("{}"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc": "2.0", "id": 1})"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc": "2.0", "id": 1, "method": 2})"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": [1]})"), -32602);
  EXPECT_EQ(Json::parse(send(R"({"id": "x", "method": "initialize", "params": 1})")->body())["id"], "x");
  EXPECT_EQ(send(R"({"jsonrpc": "2.0", "id": 1, "result": {}})")->status(), 202);  // an answer wants none
}

}  // namespace
}  // namespace facet::server
