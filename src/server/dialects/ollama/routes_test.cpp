#include <gtest/gtest.h>

#include <cmath>

#include "server/dialects/dialects.h"
#include "server/dialects/test_routes.h"

namespace facet::server {
namespace {

struct OllamaRoutes : testing::Test {
  TestService service;
  http::Routes routes = ollama_routes(service);

  std::shared_ptr<TestExchange> post(const std::string& path, const Json& body) {
    return ask_routes(routes, "POST", path, body.dump());
  }
  Json chat_body(bool is_stream) {
    return {{"model", "nano"}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}, {"stream", is_stream}};
  }
};

TEST_F(OllamaRoutes, AChatIsStreamedInLines) {
  service.events = example_answer();
  Json body = chat_body(true);
  body.erase("stream");
  const auto reply = post("/api/chat", body);
  EXPECT_EQ(reply->status(), 200);
  EXPECT_EQ(reply->content_type(), "application/x-ndjson");
  auto lines = json_lines(reply->body());
  ASSERT_EQ(lines.size(), 7u);  // an empty one at once, two of thought, two of text, the call, the end
  EXPECT_EQ(lines[0]["message"], Json({{"role", "assistant"}, {"content", ""}}));
  EXPECT_EQ(lines[0]["done"], false);
  lines.erase(lines.begin());
  EXPECT_EQ(lines[0]["message"]["thinking"], "hm");
  EXPECT_EQ(lines[0]["message"]["content"], "");
  EXPECT_EQ(lines[2]["message"], Json({{"role", "assistant"}, {"content", "Hel"}}));
  EXPECT_EQ(lines[2]["done"], false);
  EXPECT_FALSE(lines[2].contains("done_reason"));
  EXPECT_EQ(lines[4]["message"]["tool_calls"][0]["function"],
            Json::parse(R"({"index": 0, "name": "add", "arguments": {"a": 1}})"));
  EXPECT_EQ(lines[5]["done"], true);
  EXPECT_EQ(lines[5]["done_reason"], "stop");
  EXPECT_EQ(lines[5]["message"]["content"], "");
  EXPECT_EQ(service.asked.at(0).client, "tester");
}

TEST_F(OllamaRoutes, AChatIsOneObject) {
  service.events = example_answer();
  const auto reply = post("/api/chat", chat_body(false));
  const Json whole = Json::parse(reply->body());
  EXPECT_EQ(whole["model"], "nano");
  EXPECT_EQ(whole["message"]["content"], "Hello");
  EXPECT_EQ(whole["message"]["thinking"], "hm.");
  EXPECT_EQ(whole["message"]["tool_calls"].size(), 1u);
  EXPECT_EQ(whole["prompt_eval_count"], 20);
  EXPECT_EQ(whole["prompt_eval_cached_count"], 12);
  EXPECT_EQ(whole["eval_count"], 9);
  EXPECT_EQ(whole["eval_duration"], 500'000'000);
  EXPECT_EQ(whole["total_duration"], 1'000'000'000);
}

TEST_F(OllamaRoutes, ALimitIsTheReasonLength) {
  service.events = short_answer(Finish::Length);
  EXPECT_EQ(Json::parse(post("/api/chat", chat_body(false))->body())["done_reason"], "length");
}

TEST_F(OllamaRoutes, GenerateGivesAContextThatContinues) {
  service.events = short_answer(Finish::Stop);
  const Json first =
      Json::parse(post("/api/generate", {{"model", "nano"}, {"prompt", "Hey"}, {"stream", false}})->body());
  EXPECT_EQ(first["response"], "Hi");
  EXPECT_FALSE(first.contains("message"));
  post("/api/generate", {{"model", "nano"}, {"prompt", "And?"}, {"context", first["context"]}});
  EXPECT_EQ(service.asked.at(1).messages, Json::parse(R"([{"role": "user", "content": "Hey"},
      {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "And?"}])"));
}

TEST_F(OllamaRoutes, LogprobsComeWithTheirTokens) {
  service.events = short_answer(Finish::Stop);
  std::get<event::Text>(service.events[1]).logprobs = {{"Hi", 5, -0.5f, {{"Hi", -0.5f}, {"Ho", -INFINITY}}}};
  Json body = chat_body(false);
  body["logprobs"] = true;
  body["top_logprobs"] = 2;
  const Json whole = Json::parse(post("/api/chat", body)->body());
  EXPECT_EQ(service.asked.at(0).n_logprobs, 2);
  EXPECT_EQ(whole["logprobs"][0]["token"], "Hi");
  EXPECT_EQ(whole["logprobs"][0]["bytes"], Json({72, 105}));
  EXPECT_EQ(whole["logprobs"][0]["top_logprobs"][1]["token"], "Ho");
  EXPECT_EQ(whole["logprobs"][0]["top_logprobs"][1]["logprob"], -9999.0);
}

TEST_F(OllamaRoutes, EmptyRequestsLoadAndLetGo) {
  EXPECT_EQ(Json::parse(post("/api/generate", {{"model", "nano"}})->body())["done_reason"], "load");
  EXPECT_TRUE(service.info.is_loaded);
  EXPECT_EQ(Json::parse(ask_routes(routes, "GET", "/api/ps")->body())["models"].size(), 1u);
  const Json gone = Json::parse(post("/api/chat", {{"model", "nano"}, {"keep_alive", 0}})->body());
  EXPECT_EQ(gone["done_reason"], "unload");
  EXPECT_EQ(gone["message"]["role"], "assistant");
  EXPECT_FALSE(service.info.is_loaded);
}

TEST_F(OllamaRoutes, AnErrorInAStreamIsALine) {
  service.events = {event::Started{"nano", 5, 0}, event::Text{0, "Hi", {}},
                    event::Failed{std::make_exception_ptr(ResourceError("out of memory"))}};
  const auto lines = json_lines(post("/api/chat", chat_body(true))->body());
  EXPECT_EQ(lines.back(), Json({{"error", "out of memory"}}));
}

TEST_F(OllamaRoutes, ErrorsAreOneText) {
  const auto unknown = post("/api/chat", {{"model", "no-such-model"}, {"messages", Json::array()}});
  EXPECT_EQ(unknown->status(), 404);
  EXPECT_EQ(Json::parse(unknown->body()), Json({{"error", "model 'no-such-model' not found"}}));
  EXPECT_EQ(post("/api/chat", Json::object())->status(), 400);
  EXPECT_EQ(ask_routes(routes, "POST", "/api/chat", "{")->status(), 400);
  EXPECT_EQ(post("/api/create", {{"model", "x"}})->status(), 400);
  EXPECT_EQ(post("/api/create", {{"model", "x"}, {"from", "nano"}, {"system", "Be brief."}})->status(), 400);
}

TEST_F(OllamaRoutes, NamesComeAndGo) {
  EXPECT_EQ(post("/api/copy", {{"source", "nano"}, {"destination", "mine"}})->status(), 200);
  EXPECT_EQ(post("/api/create", {{"model", "other"}, {"from", "nano"}})->body(), "{\"status\":\"success\"}\n");
  EXPECT_EQ(service.names, (std::vector<std::string>{"mine", "other"}));
  EXPECT_EQ(ask_routes(routes, "DELETE", "/api/delete", R"({"model": "mine"})")->status(), 200);
  EXPECT_EQ(ask_routes(routes, "DELETE", "/api/delete", R"({"model": "nano"})")->status(), 409);
  EXPECT_EQ(service.names, std::vector<std::string>{"other"});
}

TEST_F(OllamaRoutes, ModelsAreDescribed) {
  const Json entry = Json::parse(ask_routes(routes, "GET", "/api/tags")->body())["models"][0];
  EXPECT_EQ(entry["name"], "nano");
  EXPECT_EQ(entry["modified_at"], "2026-09-21T14:13:20Z");
  EXPECT_EQ(entry["details"]["family"], "gemma4");
  const Json show = Json::parse(post("/api/show", {{"name", "nano"}})->body());
  EXPECT_EQ(show["model_info"]["gemma4.context_length"], 32768);
  EXPECT_EQ(show["capabilities"], Json({"completion", "vision", "audio", "tools", "thinking", "embedding"}));
}

TEST_F(OllamaRoutes, PullingWhatIsHereSucceeds) {
  EXPECT_EQ(json_lines(post("/api/pull", {{"model", "nano"}})->body()).back(), Json({{"status", "success"}}));
  const auto refused = post("/api/pull", {{"model", "other"}});
  EXPECT_EQ(refused->status(), 400);
  EXPECT_NE(refused->body().find("GGUF"), std::string::npos);
}

TEST_F(OllamaRoutes, TextsAreEmbedded) {
  const Json two =
      Json::parse(post("/api/embed", {{"model", "nano"}, {"input", {"a", "b"}}, {"dimensions", 2}})->body());
  EXPECT_EQ(two["embeddings"].size(), 2u);
  EXPECT_EQ(two["prompt_eval_count"], 6);
  EXPECT_TRUE(service.embedded.at(0).truncates);
  EXPECT_EQ(service.embedded.at(0).dimensions, 2);
  EXPECT_EQ(Json::parse(post("/api/embeddings", {{"model", "nano"}, {"prompt", "a"}})->body())["embedding"].size(), 2u);
  EXPECT_EQ(Json::parse(post("/api/embed", {{"model", "nano"}, {"input", ""}})->body())["embeddings"], Json::array());
}

}  // namespace
}  // namespace facet::server
