#include "apps/eval/dialects.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace facet::apps::eval {
namespace {

using text::ChatJson;

evaluation::Item item_of(const char* messages, const char* tools = "null") {
  evaluation::Item item;
  item.messages = text::parse_chat_json(messages);
  item.tools = text::parse_chat_json(tools);
  item.max_tokens = 7;
  return item;
}

constexpr const char* kPicture = "src/apps/eval/dialects_test.cpp";  // any file: its bytes are not looked at

// A round of calls behind a question, with what the function answered.
evaluation::Item round_of_calls() {
  return item_of(R"([
      {"role": "system", "content": "Be short."}, {"role": "user", "content": "Rain?"},
      {"role": "assistant", "content": null,
       "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "sky", "arguments": {"city": "Rome"}}}]},
      {"role": "tool", "tool_call_id": "c1", "content": "dry"}])",
                 R"([{"type": "function", "function": {"name": "sky", "parameters": {"type": "object"}}}])");
}

TEST(Dialects, EachSaysARoundOfCallsInItsWords) {
  const evaluation::Item item = round_of_calls();
  const ChatJson openai = request_of(Dialect::OpenAI, item, "m").body;
  EXPECT_EQ(openai["messages"][2]["tool_calls"][0]["function"]["arguments"], R"({"city":"Rome"})");
  EXPECT_EQ(openai["model"], "m");
  EXPECT_EQ(openai["max_completion_tokens"], 7);

  const ChatJson responses = request_of(Dialect::Responses, item, "m").body;
  EXPECT_EQ(responses["input"][2]["type"], "function_call");
  EXPECT_EQ(responses["input"][3]["output"], "dry");
  EXPECT_EQ(responses["tools"][0]["name"], "sky");

  const ChatJson ollama = request_of(Dialect::Ollama, item, "m").body;
  EXPECT_EQ(ollama["messages"][3]["tool_name"], "sky");
  EXPECT_EQ(ollama["messages"][2]["tool_calls"][0]["function"]["arguments"]["city"], "Rome");

  const ChatJson anthropic = request_of(Dialect::Anthropic, item, "m").body;
  EXPECT_EQ(anthropic["system"], "Be short.");
  EXPECT_EQ(anthropic["messages"][1]["content"][0]["type"], "tool_use");
  EXPECT_EQ(anthropic["messages"][2]["content"][0]["tool_use_id"], "c1");

  const DialectRequest gemini = request_of(Dialect::Gemini, item, "m");
  EXPECT_EQ(gemini.path, "/v1beta/models/m:generateContent");
  EXPECT_EQ(gemini.body["contents"][2]["parts"][0]["functionResponse"]["name"], "sky");
  EXPECT_TRUE(gemini.body["tools"][0]["functionDeclarations"][0].contains("parametersJsonSchema"));
}

TEST(Dialects, WhatAProtocolHasNoWordsForIsSkipped) {
  const auto with = [](const std::string& part) {
    return item_of((R"([{"role": "user", "content": [)" + part + "]}]").c_str());
  };
  const std::string path = std::string("\"path\": \"") + kPicture + "\"";
  const auto sound = with(R"({"type": "audio", )" + path + "}");
  const auto small = with(R"({"type": "image", "budget": "140", )" + path + "}");
  for (const std::string& name : dialect_names()) {
    const Dialect dialect = *parse_dialect(name);
    const bool is_openai = dialect == Dialect::OpenAI || dialect == Dialect::Responses;
    EXPECT_EQ(why_unsaid(dialect, sound).has_value(), !is_openai && dialect != Dialect::Gemini) << name;
    EXPECT_EQ(why_unsaid(dialect, small).has_value(), !is_openai) << name;
  }
  const ChatJson body = request_of(Dialect::OpenAI, small, "m").body;
  EXPECT_EQ(body["messages"][0]["content"][0]["image_url"]["detail"], "140");
}

TEST(Dialects, RepliesAreRead) {
  const auto read = [](Dialect dialect, const char* reply) { return answer_of(dialect, text::parse_chat_json(reply)); };
  const ChatJson call = {{{"name", "f"}, {"arguments", {{"x", 1}}}}};
  const auto openai = read(Dialect::OpenAI, R"({"choices": [{"message": {"content": "a", "tool_calls": [
      {"function": {"name": "f", "arguments": "{\"x\": 1}"}}]}}]})");
  EXPECT_EQ(openai.content, "a");
  EXPECT_EQ(openai.calls, call);
  const auto responses = read(Dialect::Responses, R"({"output": [{"type": "reasoning"},
      {"type": "message", "content": [{"type": "output_text", "text": "a"}]},
      {"type": "function_call", "name": "f", "arguments": "{\"x\": 1}"}]})");
  EXPECT_EQ(responses.content, "a");
  EXPECT_EQ(responses.calls, call);
  EXPECT_EQ(read(Dialect::Ollama, R"({"message": {"content": "", "tool_calls": [{"function": {"name": "f",
      "arguments": {"x": 1}}}]}})")
                .calls,
            call);
  EXPECT_EQ(read(Dialect::Anthropic, R"({"content": [{"type": "thinking", "thinking": "?"},
      {"type": "tool_use", "name": "f", "input": {"x": 1}}]})")
                .calls,
            call);
  const auto gemini = read(Dialect::Gemini, R"({"candidates": [{"content": {"parts": [{"text": "?", "thought": true},
      {"text": "a"}, {"functionCall": {"name": "f", "args": {"x": 1}}}]}}]})");
  EXPECT_EQ(gemini.content, "a");
  EXPECT_EQ(gemini.calls, call);
  for (const std::string& name : dialect_names())
    EXPECT_THROW(read(*parse_dialect(name), R"({"choices": 1, "output": 1})"), FormatError) << name;
}

}  // namespace
}  // namespace facet::apps::eval
