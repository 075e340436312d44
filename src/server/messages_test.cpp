#include "server/messages.h"

#include <gtest/gtest.h>

#include "server/api_error.h"

namespace facet::server {
namespace {

Json prepared(const char* messages) { return prepare_messages(Json::parse(messages)); }

std::string message_refusal(const char* messages) {
  try {
    prepared(messages);
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    return e.what();
  }
  return "";
}

TEST(Messages, RolesThatTheFormatDoesNotKnowAreRenamed) {
  const Json m = prepared(R"([{"role": "developer", "content": "a"}, {"role": "user", "content": "b"},
                              {"role": "developer", "content": "c"}])");
  EXPECT_EQ(m[0]["role"], "system");
  EXPECT_EQ(m[2]["role"], "system");
}

TEST(Messages, ArgumentsBecomeObjects) {
  const Json m = prepared(R"([{"role": "assistant", "tool_calls": [
      {"id": "a", "function": {"name": "f", "arguments": "{\"n\": 12345678901234567890123}"}},
      {"id": "b", "function": {"name": "f", "arguments": ""}}, {"id": "c", "function": {"name": "f"}}]}])");
  EXPECT_EQ(text::chat_json_text(m[0]["tool_calls"][0]["function"]["arguments"]), R"({"n":12345678901234567890123})");
  EXPECT_EQ(m[0]["tool_calls"][1]["function"]["arguments"], Json::object());
  EXPECT_EQ(m[0]["tool_calls"][2]["function"]["arguments"], Json::object());
}

TEST(Messages, ResultsFindTheirCalls) {
  // By an altered id, by a name, by their place; each call once.
  const Json m = prepared(R"([{"role": "user", "content": "x"}, {"role": "assistant", "content": null, "tool_calls": [
      {"id": "call_1a", "function": {"name": "f", "arguments": "{}"}},
      {"function": {"name": "g", "arguments": "{}"}}, {"function": {"name": "h", "arguments": "{}"}}]},
      {"role": "tool", "tool_name": "h", "content": "3"}, {"role": "tool", "tool_call_id": "call1a", "content": "1"},
      {"role": "tool", "content": {"two": 2}}])");
  ASSERT_EQ(m.size(), 5u);
  EXPECT_EQ(m[2]["name"], "h");
  EXPECT_EQ(m[3]["name"], "f");
  EXPECT_EQ(m[4]["name"], "g");
  EXPECT_EQ(m[4]["content"], R"({"two":2})");
  for (size_t i = 2; i < 5; ++i) {
    const auto& calls = m[1]["tool_calls"];
    EXPECT_TRUE(std::ranges::any_of(calls, [&](const Json& c) {
      return c["id"] == m[i]["tool_call_id"] && c["function"]["name"] == m[i]["name"];
    }));
  }
}

TEST(Messages, TheSameIdInTwoRoundsIsNotTheSameCall) {
  const Json m = prepared(R"([{"role": "assistant", "tool_calls": [{"id": "0", "function": {"name": "f"}}]},
      {"role": "tool", "tool_call_id": "0", "content": "1"},
      {"role": "assistant", "tool_calls": [{"id": "0", "function": {"name": "g"}}]},
      {"role": "tool", "tool_call_id": "0", "content": "2"}])");
  EXPECT_EQ(m[3]["name"], "g");
  EXPECT_NE(m[0]["tool_calls"][0]["id"], m[2]["tool_calls"][0]["id"]);
}

TEST(Messages, TextBeforeCallsIsAMessageOfItsOwn) {
  const Json m = prepared(R"([{"role": "user", "content": "x"},
      {"role": "assistant", "content": "I look.", "reasoning": "hm", "tool_calls": [{"id": "1", "function": {"name": "f"}}]},
      {"role": "tool", "tool_call_id": "1", "content": "y"}])");
  ASSERT_EQ(m.size(), 4u);
  EXPECT_EQ(m[1]["content"], "I look.");
  EXPECT_FALSE(m[1].contains("tool_calls"));
  EXPECT_EQ(m[2]["tool_calls"].size(), 1u);
  EXPECT_EQ(prepare_messages(m), m);
}

TEST(Messages, ANoteBehindAResultDoesNotEndTheRound) {
  const Json m =
      prepared(R"([{"role": "user", "content": "1"}, {"role": "assistant", "content": "a", "reasoning": "old"},
      {"role": "user", "content": "2"},
      {"role": "assistant", "reasoning": "new", "tool_calls": [{"id": "1", "function": {"name": "f"}}]},
      {"role": "tool", "tool_call_id": "1", "content": "y"}, {"role": "user", "content": "status: fine"}])");
  EXPECT_EQ(round_begin(m), 2u);
  EXPECT_FALSE(m[1].contains("reasoning"));
  EXPECT_EQ(m[3]["reasoning"], "new");
}

TEST(Messages, AResultBehindANoteStandsWithItsCall) {
  const Json m = prepared(R"([{"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f"}}]},
      {"role": "user", "content": "note"}, {"role": "tool", "tool_call_id": "1", "content": "y"}])");
  EXPECT_EQ(m[1]["role"], "tool");
  EXPECT_EQ(m[2]["role"], "user");
}

TEST(Messages, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_EQ(message_refusal("[]"), "messages: expected at least one message");
  EXPECT_EQ(message_refusal(R"([{"role": "critic", "content": ""}])"),
            "messages[0].role: 'critic' is none of system, user, assistant, tool");
  EXPECT_EQ(message_refusal(R"([{"role": "user", "content": ""}, {"role": "tool", "content": "x"}])"),
            "messages[1]: a tool's result, and no call stands before it");
  EXPECT_EQ(
      message_refusal(R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[1]"}}]}])"),
      "messages[0].tool_calls[0].function.arguments: expected the JSON text of an object");
}

TEST(Gemma3Messages, TakeTurns) {
  const Json m = fit_gemma3(
      prepared(R"([{"role": "developer", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
      {"role": "developer", "content": "c"}, {"role": "user", "content": "d"},
      {"role": "assistant", "content": "e", "tool_calls": [{"id": "1", "function": {"name": "f"}}]},
      {"role": "tool", "tool_call_id": "1", "content": "g"}, {"role": "user", "content": "h"}])"));
  ASSERT_EQ(m.size(), 5u);
  EXPECT_EQ(m[0]["content"], "ab");
  EXPECT_EQ(m[1]["role"], "user");
  EXPECT_EQ(m[1]["content"], "c\n\nd");
  EXPECT_EQ(m[2]["content"], "e");
  EXPECT_EQ(m[2]["tool_calls"].size(), 1u);
  EXPECT_EQ(m[3]["role"], "tool");
  EXPECT_EQ(fit_gemma3(m), m);
}

TEST(Gemma3Messages, TheUserSpeaksFirst) {
  const Json m = fit_gemma3(prepared(R"([{"role": "assistant", "content": "hello"}])"));
  EXPECT_EQ(m[0]["role"], "user");
  EXPECT_EQ(m[1]["content"], "hello");
}

}  // namespace
}  // namespace facet::server
