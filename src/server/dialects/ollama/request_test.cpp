#include "server/dialects/ollama/request.h"

#include <gtest/gtest.h>

#include "server/dialects/ollama/context.h"
#include "server/test_service.h"

namespace facet::server {
namespace {

// A picture's first bytes, which are all that tells what it is: the eight of a PNG and its header's.
constexpr const char* kOllamaPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

OllamaRequest ollama_chat(Json body) {
  body.emplace("model", "nano");
  return ollama_chat_request(Fields(body), TestService::test_model());
}

OllamaRequest ollama_generate(Json body) {
  body.emplace("model", "nano");
  return ollama_generate_request(Fields(body), TestService::test_model());
}

// The message of the error, empty where there is none.
template <class F>
std::string ollama_refusal(F&& read) {
  try {
    read();
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    return e.what();
  }
  return {};
}

Json one_message(const std::string& text = "Hi") { return Json::array({{{"role", "user"}, {"content", text}}}); }

TEST(OllamaRequest, OptionsBecomeSampling) {
  const OllamaRequest r = ollama_chat({{"messages", one_message()},
                                       {"options",
                                        {{"temperature", 0.5},
                                         {"top_k", 20},
                                         {"top_p", 0.9},
                                         {"min_p", 0.1},
                                         {"typical_p", 0.8},
                                         {"repeat_penalty", 1.1},
                                         {"repeat_last_n", -1},
                                         {"presence_penalty", 0.2},
                                         {"frequency_penalty", 0.3},
                                         {"seed", 7},
                                         {"num_predict", 12},
                                         {"num_ctx", 11169},
                                         {"stop", {"a", "b"}}}}});
  const SamplingRequest& s = r.generation.sampling;
  EXPECT_FLOAT_EQ(s.temperature.value(), 0.5f);
  EXPECT_EQ(s.top_k, 20);
  EXPECT_FLOAT_EQ(s.top_p.value(), 0.9f);
  EXPECT_FLOAT_EQ(s.min_p.value(), 0.1f);
  EXPECT_FLOAT_EQ(s.typical_p.value(), 0.8f);
  EXPECT_FLOAT_EQ(s.repetition_penalty.value(), 1.1f);
  EXPECT_EQ(s.penalty_window, -1);
  EXPECT_FLOAT_EQ(s.presence_penalty.value(), 0.2f);
  EXPECT_FLOAT_EQ(s.frequency_penalty.value(), 0.3f);
  EXPECT_EQ(s.seed, 7u);
  EXPECT_EQ(r.generation.max_tokens, 12);
  EXPECT_EQ(r.generation.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(r.is_stream);
}

TEST(OllamaRequest, NullIsUnset) {
  const OllamaRequest r = ollama_chat({{"messages", one_message()},
                                       {"tools", nullptr},
                                       {"format", nullptr},
                                       {"think", nullptr},
                                       {"keep_alive", nullptr},
                                       {"options", {{"temperature", nullptr}, {"seed", -1}, {"num_predict", -1}}}});
  EXPECT_FALSE(r.generation.sampling.temperature);
  EXPECT_FALSE(r.generation.sampling.seed);
  EXPECT_EQ(r.generation.max_tokens, -1);
  EXPECT_FALSE(r.generation.keep_alive);
  EXPECT_TRUE(r.generation.tools.is_null());
}

TEST(OllamaRequest, ThinkingIsOnWhereTheModelThinks) {
  const auto on = [](Json think) {
    return ollama_chat({{"messages", one_message()}, {"think", std::move(think)}}).generation.thinking;
  };
  EXPECT_EQ(on(nullptr).on, true);
  EXPECT_EQ(on(false).on, false);
  EXPECT_EQ(on(true).on, true);
  EXPECT_EQ(on("low").on, true);
  EXPECT_GT(on("low").budget, 0);
  EXPECT_NE(ollama_refusal([&] { on("often"); }), "");

  ModelInfo plain = TestService::test_model();
  plain.thinks = false;
  const Json silent = {{"model", "nano"}, {"messages", one_message()}};
  EXPECT_EQ(ollama_chat_request(Fields(silent), plain).generation.thinking.on, false);
  Json asks = silent;
  asks["think"] = true;
  EXPECT_EQ(ollama_chat_request(Fields(asks), plain).generation.thinking.on, false);
}

TEST(OllamaRequest, FormatIsJsonOrASchema) {
  const auto format = [](Json value) {
    return ollama_chat({{"messages", one_message()}, {"format", std::move(value)}}).generation.format;
  };
  EXPECT_EQ(format("").kind, OutputFormat::Kind::Text);
  EXPECT_EQ(format("json").kind, OutputFormat::Kind::JsonObject);
  EXPECT_EQ(format({{"type", "object"}}).kind, OutputFormat::Kind::Schema);
  EXPECT_EQ(format({{"type", "object"}}).schema, Json({{"type", "object"}}));
  EXPECT_NE(ollama_refusal([&] { format("xml"); }).find("format: "), std::string::npos);
  EXPECT_NE(ollama_refusal([&] { format(3); }), "");
}

TEST(OllamaRequest, MessagesBecomeOpenAis) {
  const OllamaRequest r =
      ollama_chat({{"messages",
                    {{{"role", "system"}, {"content", "Be brief."}},
                     {{"role", "user"}, {"content", "What?"}, {"images", {kOllamaPng}}},
                     {{"role", "assistant"},
                      {"thinking", "hm"},
                      {"tool_calls", {{{"id", "c1"}, {"function", {{"name", "add"}, {"arguments", {{"a", 1}}}}}}}}},
                     {{"role", "tool"}, {"content", "3"}, {"tool_name", "add"}, {"tool_call_id", "c1"}},
                     {{"role", "user"}, {"content", "Go on."}, {"images", Json::array()}}}}});
  const Json& m = r.generation.messages;
  ASSERT_EQ(m.size(), 5u);
  EXPECT_EQ(m[1]["content"], Json::parse(R"([{"type": "image"}, {"type": "text", "text": "What?"}])"));
  ASSERT_EQ(r.generation.media.size(), 1u);
  EXPECT_EQ(r.generation.media[0].bytes.substr(1, 3), "PNG");
  EXPECT_EQ(m[2]["reasoning_content"], "hm");
  EXPECT_EQ(m[2]["tool_calls"],
            Json::parse(R"([{"type": "function", "function": {"name": "add", "arguments": {"a": 1}}, "id": "c1"}])"));
  EXPECT_EQ(m[3]["tool_call_id"], "c1");
  EXPECT_EQ(m[3]["name"], "add");
  EXPECT_EQ(m[4]["content"], "Go on.");
  EXPECT_FALSE(r.generation.continues_last);
}

TEST(OllamaRequest, AnAnswerAtTheEndIsContinued) {
  Json messages = one_message();
  messages.push_back({{"role", "assistant"}, {"content", "Once upon"}});
  EXPECT_TRUE(ollama_chat({{"messages", messages}}).generation.continues_last);
}

TEST(OllamaRequest, WrongMessagesAreNamed) {
  EXPECT_EQ(ollama_refusal([] {
              ollama_chat({{"messages", {{{"role", "robot"}}}}});
            }),
            "messages[0].role: 'robot' is no role, expected system, user, assistant or tool");
  Json messages = one_message();
  messages[0]["images"] = {"bm90IGFuIGltYWdl"};
  EXPECT_EQ(ollama_refusal([&] {
              ollama_chat({{"messages", messages}});
            }),
            "messages[0].images[0]: is no picture and no sound");
  EXPECT_NE(ollama_refusal([] {
              ollama_chat({{"messages", one_message()}, {"options", {{"temperature", "hot"}}}});
            }).find("options.temperature: expected a number"),
            std::string::npos);
  EXPECT_NE(ollama_refusal([] { ollama_chat({{"messages", one_message()}, {"keep_alive", "soon"}}); }), "");
}

TEST(OllamaRequest, NothingAskedOnlyLoads) {
  EXPECT_TRUE(ollama_chat({}).only_loads);
  EXPECT_TRUE(ollama_generate({{"keep_alive", "10m"}}).only_loads);
  EXPECT_EQ(ollama_generate({{"keep_alive", "10m"}}).generation.keep_alive, 600);
  EXPECT_FALSE(ollama_generate({{"prompt", "x"}}).only_loads);
}

TEST(OllamaRequest, TooMuchIsCutUnlessTheClientSaysNo) {
  EXPECT_TRUE(ollama_chat({{"messages", one_message()}}).generation.shortens);
  EXPECT_FALSE(ollama_chat({{"messages", one_message()}, {"truncate", false}}).generation.shortens);
}

TEST(OllamaRequest, APromptBecomesAChatOrStaysRaw) {
  const OllamaRequest chat = ollama_generate({{"prompt", "Hi"}, {"system", "Be brief."}});
  EXPECT_EQ(chat.generation.messages,
            Json::parse(R"([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])"));
  const OllamaRequest raw = ollama_generate({{"prompt", "Once"}, {"raw", true}});
  EXPECT_TRUE(raw.generation.is_raw);
  EXPECT_EQ(raw.generation.raw, "Once");
  EXPECT_TRUE(raw.conversation.is_null());
  const OllamaRequest middle = ollama_generate({{"prompt", "def f("}, {"suffix", "return 1"}});
  EXPECT_TRUE(middle.generation.is_raw);
  EXPECT_EQ(middle.generation.suffix, "return 1");
  EXPECT_NE(ollama_refusal([] { ollama_generate({{"prompt", "x"}, {"template", "{{ .Prompt }}"}}); }), "");
  EXPECT_NE(ollama_refusal([] { ollama_generate({{"prompt", "x"}, {"raw", true}, {"system", "y"}}); }), "");
}

TEST(OllamaContext, ContinuesTheConversation) {
  const Json before = Json::parse(R"([{"role": "user", "content": "Größe?"}, {"role": "assistant", "content": "Ja"}])");
  const OllamaRequest r = ollama_generate({{"prompt", "Und?"}, {"context", ollama_context(before)}});
  ASSERT_EQ(r.generation.messages.size(), 3u);
  EXPECT_EQ(r.generation.messages[0], before[0]);
  EXPECT_EQ(r.generation.messages[2]["content"], "Und?");
  for (const Json& bad : {Json{1, 2, 3}, Json{256}, Json{"x"}, ollama_context({{{"role", "tool"}, {"content", ""}}})})
    EXPECT_NE(ollama_refusal([&] { ollama_generate({{"prompt", "Und?"}, {"context", bad}}); }), "") << bad;
}

}  // namespace
}  // namespace facet::server
