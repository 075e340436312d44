#include "server/dialects/anthropic/request.h"

#include <gtest/gtest.h>

namespace facet::server {
namespace {

AnthropicRequest anthropic(Json body) {
  body.emplace("model", "nano");
  body.emplace("max_tokens", 8);
  body.emplace("messages", Json::array({{{"role", "user"}, {"content", "Hi"}}}));
  return anthropic_request(Fields(body));
}

Json anthropic_messages_from(const char* messages) {
  return anthropic({{"messages", Json::parse(messages)}}).generation.messages;
}

std::string anthropic_refusal(Json body) {
  try {
    anthropic(std::move(body));
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    return e.what();
  }
  return {};
}

TEST(AnthropicRequest, FieldsAreTakenOver) {
  const AnthropicRequest r = anthropic({{"stream", true},
                                        {"temperature", 0.5},
                                        {"top_k", 40},
                                        {"top_p", 0.9},
                                        {"stop_sequences", {"XYZ"}},
                                        {"metadata", {{"user_id", "u"}}},
                                        {"service_tier", "auto"},
                                        {"context_management", {{"edits", Json::array()}}}});
  EXPECT_TRUE(r.is_stream);
  EXPECT_EQ(r.generation.model, "nano");
  EXPECT_EQ(r.generation.max_tokens, 8);
  EXPECT_FLOAT_EQ(r.generation.sampling.temperature.value(), 0.5f);
  EXPECT_EQ(r.generation.sampling.top_k, 40);
  EXPECT_FLOAT_EQ(r.generation.sampling.top_p.value(), 0.9f);
  EXPECT_EQ(r.generation.stop, std::vector<std::string>{"XYZ"});
  EXPECT_FALSE(r.generation.shortens);
}

TEST(AnthropicRequest, TheBillingHeaderIsNoPartOfThePrompt) {
  const Json messages =
      anthropic({{"system", Json::parse(R"([{"type": "text", "text": "x-anthropic-billing-header: cch=1;"},
          {"type": "text", "text": "You are brief.", "cache_control": {"type": "ephemeral"}},
          {"type": "text", "text": "Be kind."}])")}})
          .generation.messages;
  EXPECT_EQ(messages, Json::parse(R"([{"role": "system", "content": "You are brief.\n\nBe kind."},
                                      {"role": "user", "content": "Hi"}])"));
  EXPECT_EQ(anthropic({{"system", "S"}}).generation.messages[0]["content"], "S");
}

TEST(AnthropicRequest, CallsAndResultsBecomeOpenAis) {
  EXPECT_EQ(anthropic_messages_from(R"([
      {"role": "user", "content": "Do."},
      {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "eA=="},
          {"type": "redacted_thinking", "data": "eA=="}, {"type": "text", "text": "Sure."},
          {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}, {"type": "tool_use", "id": "t2", "name": "g", "input": {}}]},
      {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "ok"}]},
          {"type": "tool_result", "tool_use_id": "t2", "content": "failed", "is_error": true},
          {"type": "text", "text": "Go on."}]}])"),
            Json::parse(R"([
      {"role": "user", "content": "Do."},
      {"role": "assistant", "content": "Sure.", "reasoning_content": "hm", "tool_calls": [
          {"id": "t1", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}},
          {"id": "t2", "type": "function", "function": {"name": "g", "arguments": {}}}]},
      {"role": "tool", "tool_call_id": "t1", "content": "ok"},
      {"role": "tool", "tool_call_id": "t2", "content": "Error:\nfailed"},
      {"role": "user", "content": "Go on."}])"));
}

TEST(AnthropicRequest, MediaKeepTheirPlaces) {
  const AnthropicRequest r = anthropic({{"messages", Json::parse(R"([{"role": "user", "content": [
      {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="}},
      {"type": "text", "text": "What?"},
      {"type": "document", "title": "a.txt", "source": {"type": "text", "media_type": "text/plain", "data": "Words"}}]}])")}});
  EXPECT_EQ(r.generation.messages[0]["content"], Json::parse(R"([{"type": "image"}, {"type": "text", "text": "What?"},
                                                                  {"type": "text", "text": "a.txt:\nWords"}])"));
  ASSERT_EQ(r.generation.media.size(), 1u);
  EXPECT_EQ(r.generation.media[0].place, "messages[0].content[0].source.data");
}

TEST(AnthropicRequest, AnAnswerAtTheEndIsContinued) {
  const auto r = anthropic({{"messages", Json::parse(R"([{"role": "user", "content": "Hi"},
                                                         {"role": "assistant", "content": "{"}])")}});
  EXPECT_TRUE(r.generation.continues_last);
  EXPECT_FALSE(anthropic(Json::object()).generation.continues_last);
}

TEST(AnthropicRequest, ToolsAndChoices) {
  const Json tools = Json::parse(R"([{"name": "f", "description": "d", "input_schema": {"type": "object"}},
                                     {"type": "web_search_20250305", "name": "web_search"}, {"type": "custom", "name": "g"}])");
  const auto choose = [&](Json choice) { return anthropic({{"tools", tools}, {"tool_choice", choice}}).generation; };
  EXPECT_EQ(choose({{"type", "auto"}}).tools, Json::parse(R"([
      {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
      {"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}}])"));
  EXPECT_EQ(choose({{"type", "any"}}).tool_choice.kind, ToolChoice::Kind::Required);
  EXPECT_EQ(choose({{"type", "none"}}).tool_choice.kind, ToolChoice::Kind::None);
  EXPECT_EQ(choose({{"type", "tool"}, {"name", "g"}}).tool_choice.name, "g");
  EXPECT_EQ(choose({{"type", "any"}}).parallel_calls, std::nullopt);
  EXPECT_EQ(choose({{"type", "any"}, {"disable_parallel_tool_use", true}}).parallel_calls, false);
  EXPECT_NE(anthropic_refusal({{"tools", tools}, {"tool_choice", {{"type", "some"}}}}), "");
  EXPECT_NE(anthropic_refusal({{"tools", {{{"type", "bash_20250124"}, {"name", "bash"}}}}}).find("input_schema"),
            std::string::npos);
}

TEST(AnthropicRequest, ThinkingInAllForms) {
  const auto thinking = [](Json value) { return anthropic({{"thinking", std::move(value)}}).generation.thinking; };
  EXPECT_FALSE(thinking(nullptr).on);
  EXPECT_EQ(thinking({{"type", "disabled"}}).on, false);
  EXPECT_EQ(thinking({{"type", "enabled"}, {"budget_tokens", 1024}}).on, true);
  EXPECT_EQ(thinking({{"type", "enabled"}, {"budget_tokens", 1024}}).budget, 1024);
  EXPECT_EQ(thinking({{"type", "adaptive"}}).on, true);
  const auto low = anthropic({{"thinking", {{"type", "adaptive"}}}, {"output_config", {{"effort", "low"}}}});
  EXPECT_EQ(low.generation.thinking.budget, thinking_of_effort("low", "").budget);
}

TEST(AnthropicRequest, AnswersMayHaveASchema) {
  const Json format = {{"type", "json_schema"}, {"schema", {{"type", "object"}}}};
  for (const Json& body : {Json{{"output_config", {{"format", format}}}}, Json{{"output_format", format}}}) {
    const OutputFormat read = anthropic(body).generation.format;
    EXPECT_EQ(read.kind, OutputFormat::Kind::Schema);
    EXPECT_EQ(read.schema, format["schema"]);
  }
}

TEST(AnthropicRequest, WhatIsWrongIsNamed) {
  const auto message = [](const char* text) { return Json{{"messages", Json::parse(text)}}; };
  EXPECT_EQ(anthropic_refusal(message(R"([{"role": "user", "content": [{"type": "hologram"}]}])")),
            "messages[0].content[0].type: 'hologram' is no content block that this server knows");
  EXPECT_NE(anthropic_refusal(message(R"([{"role": "robot", "content": "x"}])")), "");
  EXPECT_NE(anthropic_refusal(message("[]")), "");
  EXPECT_NE(anthropic_refusal(message(R"([{"role": "user", "content": []}])")), "");
  EXPECT_NE(anthropic_refusal(message(R"([{"role": "user"}])")), "");
  EXPECT_NE(anthropic_refusal(message(R"([{"role": "user", "content": [{"type": "image", "source":
      {"type": "base64", "media_type": "image/png", "data": "bm90IGFuIGltYWdl"}}]}])")),
            "");
  // An image without content is none, also behind one that has some.
  EXPECT_EQ(anthropic_refusal(message(R"([{"role": "user", "content": [
      {"type": "image", "source": {"type": "base64", "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="}},
      {"type": "image", "source": {"type": "text", "data": ""}}]}])")),
            "messages[0].content[1].source: is no picture that can be read");
  EXPECT_NE(anthropic_refusal({{"max_tokens", nullptr}}).find("max_tokens"), std::string::npos);
  EXPECT_NE(anthropic_refusal({{"max_tokens", 0}}), "");
  EXPECT_NE(anthropic_refusal({{"mcp_servers", {{{"url", "https://x"}}}}}), "");
}

}  // namespace
}  // namespace facet::server
