#include <gtest/gtest.h>

#include "server/dialects/dialects.h"
#include "server/dialects/gemini/models.h"
#include "server/dialects/test_routes.h"

namespace facet::server {
namespace {

struct GeminiRoutes : testing::Test {
  TestService service;
  http::Routes routes = gemini_routes(service);
  Json body = Json::parse(R"({"contents": [{"parts": [{"text": "Hi"}]}],
                              "generationConfig": {"thinkingConfig": {"includeThoughts": true}}})");

  std::shared_ptr<TestExchange> post(const std::string& path, const std::string& alt = {}) {
    http::Request request;
    request.method = "POST";
    request.path = path;
    request.body = body.dump();
    if (!alt.empty()) request.query.emplace("alt", alt);
    return ask_routes(routes, std::move(request));
  }
};

TEST_F(GeminiRoutes, AnAnswerIsOneResponse) {
  service.events = example_answer();
  for (const char* path : {"/v1beta/models/nano:generateContent", "/v1/models/nano:generateContent"}) {
    const Json whole = Json::parse(post(path)->body());
    const Json& candidate = whole["candidates"][0];
    EXPECT_EQ(candidate["content"], Json::parse(R"({"parts": [{"text": "hm.", "thought": true}, {"text": "Hello"},
        {"functionCall": {"id": "call_abc", "name": "add", "args": {"a": 1}}}], "role": "model"})"));
    EXPECT_EQ(candidate["finishReason"], "STOP");
    EXPECT_EQ(whole["usageMetadata"], Json::parse(R"({"promptTokenCount": 20, "candidatesTokenCount": 6,
        "totalTokenCount": 29, "cachedContentTokenCount": 12, "thoughtsTokenCount": 3})"));
    EXPECT_EQ(whole["modelVersion"], "nano");
  }
}

TEST_F(GeminiRoutes, ThoughtsAreShownOnlyWhenAskedFor) {
  service.events = example_answer();
  body.erase("generationConfig");
  const Json whole = Json::parse(post("/v1beta/models/nano:generateContent")->body());
  EXPECT_EQ(whole["candidates"][0]["content"]["parts"][0]["text"], "Hello");
}

TEST_F(GeminiRoutes, AStreamOfEvents) {
  service.events = example_answer();
  const auto reply = post("/v1beta/models/nano:streamGenerateContent", "sse");
  EXPECT_EQ(reply->content_type(), "text/event-stream");
  const auto events = json_lines(reply->body());
  ASSERT_EQ(events.size(), 7u);  // an empty one at once, two of thought, two of text, the call, the end
  EXPECT_EQ(events[3]["candidates"][0]["content"]["parts"], Json::parse(R"([{"text": "Hel"}])"));
  for (size_t i = 0; i + 1 < events.size(); i++) EXPECT_FALSE(events[i]["candidates"][0].contains("finishReason")) << i;
  EXPECT_EQ(events[6]["candidates"][0]["finishReason"], "STOP");
  EXPECT_EQ(events[6]["usageMetadata"]["totalTokenCount"], 29);
  EXPECT_TRUE(reply->body().ends_with("\n\n"));
}

TEST_F(GeminiRoutes, AStreamWithoutEventsIsAnArray) {
  service.events = example_answer();
  const Json list = Json::parse(post("/v1beta/models/nano:streamGenerateContent")->body());
  ASSERT_EQ(list.size(), 6u);
  EXPECT_EQ(list[5]["candidates"][0]["finishReason"], "STOP");
  service.events = {event::Failed{std::make_exception_ptr(ShortageError("no memory"))}};
  const Json failed = Json::parse(post("/v1beta/models/nano:streamGenerateContent")->body());
  EXPECT_EQ(failed[0]["error"]["status"], "UNAVAILABLE");
}

TEST_F(GeminiRoutes, EveryCandidateFinishes) {
  Usage usage;
  usage.n_prompt = 5;
  usage.n_generated = 2;
  service.events = {event::Started{"nano", 5, 0},
                    event::Text{1, "b", {{"b", 7, -0.5f, {{"b", -0.5f}}}}},
                    event::Text{0, "a", {}},
                    event::Finished{0, Finish::Length, "", {}},
                    event::Finished{1, Finish::Stop, "", {}},
                    event::Done{usage}};
  const Json whole = Json::parse(post("/v1beta/models/nano:generateContent")->body());
  EXPECT_EQ(whole["candidates"][0]["finishReason"], "MAX_TOKENS");
  EXPECT_EQ(whole["candidates"][1]["content"]["parts"][0]["text"], "b");
  EXPECT_EQ(whole["candidates"][1]["logprobsResult"]["chosenCandidates"][0]["tokenId"], 7);
}

TEST_F(GeminiRoutes, TokensAreCountedAndTextsEmbedded) {
  EXPECT_EQ(Json::parse(post("/v1/models/nano:countTokens")->body()), Json({{"totalTokens", 7}}));
  body = {{"generateContentRequest", body}};
  EXPECT_EQ(Json::parse(post("/v1/models/nano:countTokens")->body()), Json({{"totalTokens", 7}}));
  body = Json::parse(R"({"content": {"parts": [{"text": "a"}]}})");
  EXPECT_EQ(Json::parse(post("/v1beta/models/nano:embedContent")->body())["embedding"]["values"].size(), 2u);
  body = {{"requests", {body, body}}};
  EXPECT_EQ(Json::parse(post("/v1beta/models/nano:batchEmbedContents")->body())["embeddings"].size(), 2u);
}

TEST_F(GeminiRoutes, ErrorsHaveAStatus) {
  const auto unknown = post("/v1beta/models/no-such-model:generateContent");
  EXPECT_EQ(unknown->status(), 404);
  EXPECT_EQ(Json::parse(unknown->body())["error"]["status"], "NOT_FOUND");
  EXPECT_EQ(post("/v1beta/models/nano:paint")->status(), 404);
  EXPECT_EQ(post("/v1beta/models/nano")->status(), 404);
  body = Json::object();
  EXPECT_EQ(Json::parse(post("/v1beta/models/nano:generateContent")->body())["error"]["status"], "INVALID_ARGUMENT");
}

TEST_F(GeminiRoutes, ModelsAreListedAndFoundByName) {
  const Json list = Json::parse(ask_routes(routes, "GET", "/v1beta/models")->body());
  EXPECT_EQ(list["models"][0]["name"], "models/nano");
  const Json one = Json::parse(ask_routes(routes, "GET", "/v1beta/models/nano")->body());
  EXPECT_EQ(one["inputTokenLimit"], 32768);
  EXPECT_EQ(one["supportedGenerationMethods"][0], "generateContent");
  service.info.name = "gemma4:e2b";
  service.events = short_answer(Finish::Stop);
  EXPECT_EQ(post("/v1beta/models/gemma4:e2b:generateContent")->status(), 200);
}

}  // namespace
}  // namespace facet::server
