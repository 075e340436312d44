// The client against a server over real sockets.
#include "server/mcp/client.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/error.h"
#include "server/mcp/test_mcp_server.h"

namespace facet::server {
namespace {

using Asked = std::vector<std::string>;

std::map<std::string, TestMcpServer::Tool> example_tools() {
  return {{"get", [](const Json& a) { return TestMcpServer::text("got " + a.value("word", "")); }},
          {"put", [](const Json&) {
             Json result = TestMcpServer::text("full");
             result["isError"] = true;
             return result;
           }}};
}

McpClient client_of(const TestMcpServer& server, McpReach reach = McpReach::Loopback) {
  return {server.url(), reach, {{"X-Token", "secret"}}, [] { return false; }};
}

TEST(McpClient, OpensASessionListsAndCalls) {
  for (const bool speaks_events : {false, true}) {
    const TestMcpServer server(example_tools(), speaks_events);
    McpClient client = client_of(server);
    const Json tools = client.list_tools();
    ASSERT_EQ(tools.size(), 2u);
    EXPECT_EQ(tools[0]["name"], "get");
    EXPECT_EQ(tools[0]["annotations"]["readOnlyHint"], true);
    EXPECT_EQ(client.call("get", {{"word", "x"}}).text, "got x");
    EXPECT_EQ(client.call("put", Json::object()).error["type"], "mcp_tool_execution_error");
    EXPECT_EQ(server.asked(), (Asked{"initialize", "notifications/initialized", "tools/list", "call get", "call put"}));
    EXPECT_EQ(server.header("x-token"), "secret");
    EXPECT_EQ(server.header("mcp-protocol-version"), "2025-03-26");
    EXPECT_EQ(server.header("accept"), "application/json, text/event-stream");
  }
}

TEST(McpClient, ListsComeInPages) {
  TestMcpServer server(example_tools());
  server.page_size = 1;
  EXPECT_EQ(client_of(server).list_tools().size(), 2u);
}

TEST(McpClient, ForgottenSessionsAreOpenedAgain) {
  TestMcpServer server(example_tools());
  McpClient client = client_of(server);
  client.list_tools();
  server.forgets = true;
  EXPECT_EQ(client.call("get", Json::object()).text, "got ");
  EXPECT_EQ(server.n_sessions, 2);
}

TEST(McpClient, ErrorsSayWhatIsWrong) {
  const auto error_of = [](McpClient client) {
    try {
      client.call("none", Json::object());
    } catch (const McpError& e) {
      return e.json();
    }
    return Json();
  };
  TestMcpServer server(example_tools());
  EXPECT_EQ(error_of(client_of(server))["code"], -32602);
  server.revision = "1999-01-01";
  EXPECT_EQ(error_of(client_of(server))["type"], "mcp_protocol_error");
  const std::string base = server.url().substr(0, server.url().size() - 4);
  const auto at = [](const std::string& url) { return McpClient(url, McpReach::Loopback, {}, {}); };
  EXPECT_EQ(error_of(at(base + "/nowhere"))["code"], 404);
  EXPECT_EQ(error_of(at(base + "/moved"))["code"], 307) << "redirects are not followed";
  EXPECT_EQ(error_of(at("http://127.0.0.1:1/"))["type"], "http_error");
}

// The name is resolved by the system; what counts is the address.
TEST(McpClient, ConnectsToNoOtherAddresses) {
  const TestMcpServer server(example_tools());
  try {
    client_of(server, McpReach::Public).list_tools();
    FAIL() << "a loopback address is not public";
  } catch (const McpError& e) {
    EXPECT_NE(std::string(e.what()).find("--allow-mcp"), std::string::npos);
  }
  EXPECT_TRUE(server.asked().empty());
}

TEST(McpClient, WaitingCanBeCancelled) {
  std::atomic<bool> is_cancelled{false};
  TestMcpServer server({{"slow", [&](const Json&) {
                           is_cancelled = true;
                           std::this_thread::sleep_for(std::chrono::seconds(3));
                           return TestMcpServer::text("late");
                         }}});
  McpClient client(server.url(), McpReach::Loopback, {}, [&] { return is_cancelled.load(); });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(client.call("slow", Json::object()), CancelledError);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

}  // namespace
}  // namespace facet::server
