#include "server/mcp/reply_reader.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "server/mcp/messages.h"

namespace facet::server {
namespace {

constexpr const char* kEvents = "text/event-stream; charset=utf-8";

// In pieces of every size: where one ends means nothing.
Json read_reply(const std::string& type, const std::string& bytes) {
  Json first;
  for (size_t n = 1; n <= bytes.size(); ++n) {
    McpReplyReader reader(7);
    reader.begin(type);
    for (size_t at = 0; at < bytes.size() && reader.push(std::string_view(bytes).substr(at, n)); at += n) {
    }
    Json answer = reader.take();
    if (n == 1) first = answer;
    EXPECT_EQ(answer, first) << n;
  }
  return first;
}

TEST(McpReplyReader, ReadsOneMessageOrAListOfThem) {
  EXPECT_EQ(read_reply("application/json", R"({"jsonrpc":"2.0","id":7,"result":{"a":1}})")["result"]["a"], 1);
  EXPECT_EQ(read_reply("Application/JSON ;x=y",
                       R"([{"method":"ping","id":7},{"id":7,"error":{"code":-1}}])")["error"]["code"],
            -1);
}

TEST(McpReplyReader, ReadsTheEventWithTheAnswer) {
  const std::string stream =
      ": hello\r\n\r\nid: 1\r\ndata:\r\n\r\nevent: message\ndata: {\"method\":\"notifications/progress\"}\n\n"
      "data: {\"id\":6,\"result\":{}}\r\rdatabase: x\ndata: {\"id\":7,\ndata: \"result\":{\"b\":2}}\n\n"
      "data: {\"id\":7,\"result\":{\"b\":3}}\n\n";
  EXPECT_EQ(read_reply(kEvents, stream)["result"]["b"], 2);
  EXPECT_EQ(read_reply(kEvents, "data: {\"id\":7,\"result\":{}}")["id"], 7) << "a last event without its empty line";
}

TEST(McpReplyReader, WantsNoMoreThanTheAnswer) {
  McpReplyReader reader(7);
  reader.begin(kEvents);
  EXPECT_TRUE(reader.push("data: {\"id\":7,\"result\":{}}\n"));
  EXPECT_FALSE(reader.push("\n"));
}

TEST(McpReplyReader, RefusesWhatIsNoAnswer) {
  EXPECT_THROW(read_reply("text/html", "x"), FormatError);
  EXPECT_THROW(read_reply("application/json", "{"), FormatError);
  EXPECT_THROW(read_reply("application/json", R"({"id":8,"result":{}})"), FormatError);
  EXPECT_THROW(read_reply(kEvents, "data: {\"id\":7}\n\n"), FormatError);
  EXPECT_THROW(read_reply("application/json", std::string(2000, '[')), FormatError);
  McpReplyReader reader(7);
  reader.begin(kEvents);
  const std::string mebibyte(size_t{1} << 20, 'x');
  EXPECT_THROW(
      {
        for (int i = 0; i < 9; ++i) reader.push(mebibyte);
      },
      FormatError);
}

TEST(McpMessages, ToolsComeInPages) {
  Json tools = Json::array();
  EXPECT_EQ(add_mcp_tools(Json::parse(R"({"nextCursor":"n","tools":[{"name":"a","description":"d","inputSchema":
      {"type":"object","properties":{}},"annotations":{"readOnlyHint":true},"_meta":{}}]})"),
                          tools),
            "n");
  EXPECT_EQ(add_mcp_tools(Json::parse(R"({"tools":[{"name":"b"}]})"), tools), "");
  EXPECT_EQ(tools.dump(),
            Json::parse(R"([{"name":"a","description":"d","input_schema":{"type":"object","properties":{}},
      "annotations":{"readOnlyHint":true}},{"name":"b","description":null,"input_schema":{"type":"object"},
      "annotations":null}])")
                .dump());
  for (const char* page : {R"({})", R"({"tools":{}})", R"({"tools":[1]})", R"({"tools":[{"name":2}]})"})
    EXPECT_THROW(add_mcp_tools(Json::parse(page), tools), McpError) << page;
  const Json many = {{"tools", std::vector<Json>(kMaxMcpTools, Json{{"name", "x"}})}};
  EXPECT_THROW(add_mcp_tools(many, tools), McpError);
}

TEST(McpMessages, OutputIsTextForTheModel) {
  const auto output = [](const char* json) { return mcp_output(Json::parse(json)); };
  EXPECT_EQ(output(R"({"content":[{"type":"text","text":"a"},{"type":"image","mimeType":"image/png","data":"AA"},
      {"type":"resource","resource":{"text":"b"}},{"type":"resource_link","uri":"file:///c"},3]})")
                .text,
            "a\n[image image/png, left out]\nb\nfile:///c\n[content , left out]");
  EXPECT_EQ(output(R"({"content":[],"structuredContent":{"x":1}})").text, R"({"x":1})");
  EXPECT_EQ(output(R"({"content":[{"type":"text","text":"no"}],"isError":true})").error["type"],
            "mcp_tool_execution_error");
  EXPECT_TRUE(output(R"({"content":[],"isError":false})").error.is_null());
}

TEST(McpMessages, ErrorsKeepTheirCodes) {
  try {
    mcp_result_of(Json::parse(R"({"error":{"code":-32602,"message":"no such tool"}})"));
    FAIL();
  } catch (const McpError& e) {
    EXPECT_EQ(e.json(), Json::parse(R"({"type":"mcp_protocol_error","code":-32602,"message":"no such tool"})"));
  }
  for (const char* answer : {R"({"result":1})", R"({"error":"x"})", R"({"error":{"code":1e99}})"})
    EXPECT_THROW(mcp_result_of(Json::parse(answer)), McpError) << answer;
}

}  // namespace
}  // namespace facet::server
