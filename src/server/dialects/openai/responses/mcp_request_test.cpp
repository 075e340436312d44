// Tools of type "mcp" and the items about them, as requests have them.
#include "server/dialects/openai/responses/mcp_request.h"

#include <gtest/gtest.h>

#include "server/dialects/openai/responses/mcp_tools.h"
#include "server/dialects/openai/responses/responses_request.h"

namespace facet::server {
namespace {

ResponsesRequest request_of(const std::string& inside) {
  const Json history =
      Json::parse(R"([{"type":"mcp_list_tools","id":"l","server_label":"s","tools":[{"name":"get"}]}])");
  const ResponseSources sources{{}, [=](const std::string&) { return history; }, {}};
  return parse_responses_request(Json::parse("{" + inside + "}"), sources);
}

std::string refused_field(const std::string& inside) {
  try {
    request_of(inside);
  } catch (const ApiError& e) {
    return e.parameter();
  }
  return "nothing";
}

McpServer server_of(const std::string& more) {
  return request_of(R"("input":"x","tools":[{"type":"mcp","server_label":"s","server_url":"http://h/")" + more + "}]")
      .mcp.servers.at(0);
}

Json listed(const char* name, bool is_read_only = false) {
  return {{"name", name},
          {"description", "d"},
          {"input_schema", {{"type", "object"}}},
          {"annotations", {{"readOnlyHint", is_read_only}}}};
}

TEST(McpRequest, FiltersChooseTools) {
  EXPECT_TRUE(server_of("").allowed.fits(listed("a")));
  const McpFilter names = server_of(R"(,"allowed_tools":["a"])").allowed;
  EXPECT_TRUE(names.fits(listed("a")));
  EXPECT_FALSE(names.fits(listed("b")));
  const McpFilter both = server_of(R"(,"allowed_tools":{"tool_names":["a","b"],"read_only":true})").allowed;
  EXPECT_TRUE(both.fits(listed("a", true)));
  EXPECT_FALSE(both.fits(listed("b")));
  EXPECT_FALSE(both.fits(listed("c", true)));
}

TEST(McpRequest, CallsAreApprovedUnlessToldOtherwise) {
  const auto needs = [](const std::string& approval, const char* name) {
    return server_of(approval).needs_approval(listed(name));
  };
  EXPECT_TRUE(needs("", "a"));
  EXPECT_TRUE(needs(R"(,"require_approval":"always")", "a"));
  EXPECT_FALSE(needs(R"(,"require_approval":"never")", "a"));
  EXPECT_FALSE(needs(R"(,"require_approval":{"never":{"tool_names":["a"]}})", "a"));
  EXPECT_TRUE(needs(R"(,"require_approval":{"never":{"tool_names":["a"]}})", "b"));
  EXPECT_TRUE(needs(R"(,"require_approval":{"always":{"tool_names":["a"]}})", "a"));
  EXPECT_FALSE(needs(R"(,"require_approval":{"always":{"tool_names":["a"]}})", "b"));
  EXPECT_TRUE(needs(R"(,"require_approval":{"always":{"tool_names":["a"]},"never":{"tool_names":["a"]}})", "a"));
}

TEST(McpRequest, SecretsAreSentAndNotRepeated) {
  const std::string tools = R"("input":"x","tools":[{"type":"mcp","server_label":"s","server_url":"http://h/",
      "headers":{"X-Key":"k1"},"authorization":"t2"}])";
  const ResponsesRequest request = request_of(tools);
  const auto& headers = request.mcp.servers.at(0).headers;
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0].second, "k1");
  EXPECT_EQ(headers[1], std::make_pair(std::string("Authorization"), std::string("Bearer t2")));
  EXPECT_EQ(request.echo["tools"][0]["server_url"], "http://h/");
  EXPECT_EQ(request.echo.dump().find("k1"), std::string::npos);
  EXPECT_EQ(request.echo.dump().find("t2"), std::string::npos);
}

TEST(McpRequest, WrongFieldsAreNamed) {
  const auto tool = [](const std::string& inside) {
    return refused_field(R"("input":"x","tools":[{"type":"mcp",)" + inside + "}]");
  };
  const std::string good = R"("server_label":"s","server_url":"http://h/",)";
  EXPECT_EQ(tool(R"("server_url":"http://h/")"), "tools[0].server_label");
  EXPECT_EQ(tool(R"("server_label":"s")"), "tools[0].server_url");
  EXPECT_EQ(tool(R"("server_label":"s","connector_id":"c")"), "tools[0].connector_id");
  EXPECT_EQ(tool(good + R"("require_approval":"often")"), "tools[0].require_approval");
  EXPECT_EQ(tool(good + R"("headers":{"Host":"x"})"), "tools[0].headers.Host");
  EXPECT_EQ(tool(good + R"("headers":{"A":"x\r\nB: y"})"), "tools[0].headers.A");
  EXPECT_EQ(tool(good + R"("headers":{"authorization":"x"},"authorization":"y")"), "tools[0].authorization");
  EXPECT_EQ(refused_field(R"("input":"x","tool_choice":{"type":"mcp","server_label":"s"})"),
            "tool_choice.server_label");
  EXPECT_EQ(refused_field(R"("input":[{"type":"mcp_approval_response","approval_request_id":"a","approve":true}])"),
            "input[0].approval_request_id");
}

TEST(McpRequest, ItemsBecomeTurns) {
  const ResponsesRequest request = request_of(R"("previous_response_id":"resp_1",
      "tools":[{"type":"mcp","server_label":"s","server_url":"http://h/"}],"input":[
      {"role":"user","content":"Hi"},
      {"type":"mcp_call","id":"m1","server_label":"s","name":"get","arguments":"{}","output":"out","error":null},
      {"type":"mcp_approval_request","id":"r1","server_label":"s","name":"put","arguments":"{\"a\":1}"},
      {"type":"mcp_approval_request","id":"r2","server_label":"s","name":"put","arguments":"{}"},
      {"type":"mcp_approval_request","id":"r3","server_label":"s","name":"put","arguments":"{}"},
      {"type":"mcp_approval_response","approval_request_id":"r1","approve":true},
      {"type":"mcp_approval_response","approval_request_id":"r2","approve":false,"reason":"Too dear."},
      {"type":"mcp_approval_response","approval_request_id":"r3","approve":true},
      {"type":"mcp_call","id":"m3","server_label":"s","name":"put","arguments":"{}","output":"done",
       "approval_request_id":"r3"}])");
  EXPECT_EQ(request.mcp.known.at("s")[0]["name"], "get");
  const Json& messages = request.generation.messages;
  ASSERT_EQ(messages.size(), 9u);
  EXPECT_EQ(messages[1]["tool_calls"][0]["function"]["name"], "get");
  EXPECT_EQ(messages[2]["content"], "out");
  EXPECT_EQ(messages[6]["content"], "The user did not allow this call. Too dear.");
  EXPECT_EQ(messages[8]["content"], "done");
  ASSERT_EQ(request.mcp.approved.size(), 1u);
  EXPECT_EQ(request.mcp.approved[0].request_id, "r1");
  EXPECT_EQ(request.mcp.approved[0].message, 4u);
}

TEST(McpTools, NamesThatClashBearTheirLabels) {
  ResponsesRequest request =
      request_of(R"("input":[{"type":"mcp_call","id":"m","server_label":"t","name":"get"}],"tools":[
      {"type":"function","name":"f"},{"type":"mcp","server_label":"s","server_url":"http://h/"},
      {"type":"mcp","server_label":"t","server_url":"http://h/","server_description":"The shop."}],
      "tool_choice":{"type":"mcp","server_label":"t"})");
  McpTools tools;
  tools.add(request.mcp.servers[0], Json::array({listed("get"), listed("f"), listed("only")}));
  tools.add(request.mcp.servers[1], Json::array({listed("get")}));
  tools.declare(request.mcp, request.generation);
  std::vector<std::string> names;
  for (const Json& tool : request.generation.tools) names.push_back(tool["function"]["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"f", "s__get", "s__f", "only", "t__get"}));
  EXPECT_EQ(request.generation.tools[4]["function"]["description"], "d (The shop.)");
  EXPECT_EQ(tools.find("t__get")->server->label, "t");
  EXPECT_EQ(tools.find("f"), nullptr) << "is the client's";
  EXPECT_EQ(request.generation.messages[0]["tool_calls"][0]["function"]["name"], "t__get");
  EXPECT_EQ(request.generation.tool_choice.kind, ToolChoice::Kind::Required);
  EXPECT_EQ(request.generation.tool_choice.allowed, std::vector<std::string>{"t__get"});
}

}  // namespace
}  // namespace facet::server
