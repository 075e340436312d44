// Completions, embeddings and models as clients see them.
#include <cstring>

#include "media/data_uri.h"
#include "server/base64.h"
#include "server/dialects/openai/many_prompts.h"
#include "server/dialects/openai/openai_test.h"

namespace facet::server {
namespace {

class CompletionsTest : public OpenAiTest {
 protected:
  Json complete(const std::string& inside, int status = 200) {
    return ask_json("/v1/completions", "{" + inside + "}", status);
  }
};

std::vector<Event> completed_events() {
  Usage usage;
  usage.n_prompt = 3;
  usage.n_generated = 2;
  return {event::Started{"nano", 3, 0},
          event::Text{0, " a ü", {{" a", 1, -0.25f, {{" a", -0.25f}}}, {" ü", 2, -1, {}}}},
          event::Finished{0, Finish::Length, "", {}}, event::Done{usage}};
}

TEST_F(CompletionsTest, TextAndDefaults) {
  service.events = completed_events();
  const Json reply = complete(R"("model":"nano","prompt":"Once","suffix":"end","stop":"x")");
  EXPECT_EQ(reply["object"], "text_completion");
  EXPECT_EQ(reply["choices"][0].dump(), R"({"index":0,"text":" a ü","logprobs":null,"finish_reason":"length"})");
  EXPECT_EQ(reply["usage"]["total_tokens"], 5);
  const GenerationRequest& request = service.asked.at(0);
  EXPECT_TRUE(request.is_raw);
  EXPECT_EQ(request.raw, "Once");
  EXPECT_EQ(request.max_tokens, 16);
  EXPECT_EQ(request.suffix, "end");
  EXPECT_EQ(request.client, "ann");
}

TEST_F(CompletionsTest, ListsOfPromptsBecomeChoices) {
  service.events = {event::Started{"nano", 3, 0},
                    event::Text{1, "y", {}},
                    event::Text{0, "x", {}},
                    event::Finished{0, Finish::Stop, "", {}},
                    event::Finished{1, Finish::Stop, "", {}},
                    event::Done{Usage{3, 1, 2, 0}}};
  const Json reply = complete(R"("prompt":["One","Two",[5,6]],"n":2,"echo":true)");
  ASSERT_EQ(reply["choices"].size(), 6u);
  EXPECT_EQ(reply["choices"][0]["text"], "Onex");
  EXPECT_EQ(reply["choices"][3]["text"], "Twoy");
  EXPECT_EQ(reply["choices"][4]["text"], "\x05\x06x");
  EXPECT_EQ(reply["usage"]["prompt_tokens"], 9);
  EXPECT_EQ(reply["usage"]["prompt_tokens_details"]["cached_tokens"], 3);
  EXPECT_EQ(service.asked.size(), 3u);
  EXPECT_EQ(service.asked[2].raw_tokens, (std::vector<text::TokenId>{5, 6}));
}

TEST_F(CompletionsTest, Stream) {
  service.events = completed_events();
  const auto chunks = ask_stream(
      "/v1/completions", R"({"prompt":"Once","echo":true,"stream":true,"stream_options":{"include_usage":true}})");
  ASSERT_EQ(chunks.size(), 5u);
  EXPECT_EQ(chunks[0]["choices"][0]["text"], "Once");
  EXPECT_EQ(chunks[1]["choices"][0]["text"], " a ü");
  EXPECT_EQ(chunks[2]["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(chunks[3]["usage"]["completion_tokens"], 2);
  EXPECT_TRUE(chunks[4].is_null());
}

TEST_F(CompletionsTest, LogprobsInColumns) {
  service.events = completed_events();
  const Json logprobs = complete(R"("prompt":"Once","logprobs":1)")["choices"][0]["logprobs"];
  EXPECT_EQ(service.asked.at(0).n_logprobs, 1);
  EXPECT_EQ(logprobs["tokens"].dump(), R"([" a"," ü"])");
  EXPECT_EQ(logprobs["token_logprobs"].dump(), "[-0.25,-1.0]");
  EXPECT_EQ(logprobs["top_logprobs"][0].dump(), R"({" a":-0.25})");
  EXPECT_EQ(logprobs["text_offset"].dump(), "[0,2]");
}

TEST_F(CompletionsTest, WrongFieldsAreNamed) {
  EXPECT_EQ(complete("", 400)["error"]["param"], "prompt");
  EXPECT_EQ(complete(R"("prompt":[])", 400)["error"]["param"], "prompt");
  EXPECT_EQ(complete(R"("prompt":[1,-1])", 400)["error"]["param"], "prompt[1]");
  EXPECT_EQ(complete(R"("prompt":["a",1])", 400)["error"]["param"], "prompt[1]");
  EXPECT_EQ(complete(R"("prompt":"a","best_of":3)", 400)["error"]["param"], "best_of");
  EXPECT_EQ(complete(R"("prompt":"a","echo":true,"logprobs":1)", 400)["error"]["param"], "logprobs");
  EXPECT_EQ(complete(R"("model":"other","prompt":"a")", 404)["error"]["code"], "model_not_found");
  EXPECT_TRUE(service.asked.empty());
}

// One answer that fails ends all, and is told once.
TEST(ManyPrompts, FailureEndsTheOthers) {
  TestService service;
  service.events = {event::Started{"nano", 1, 0}, event::Failed{std::make_exception_ptr(CancelledError())}};
  std::vector<size_t> kinds;
  generate_all(service, std::vector<GenerationRequest>(3), [&](const Event& e) { kinds.push_back(e.index()); });
  EXPECT_EQ(kinds, (std::vector<size_t>{0, Event(event::Failed{}).index()}));
}

TEST_F(CompletionsTest, Embeddings) {
  const Json reply = ask_json("/v1/embeddings", R"({"model":"nano","input":["a",[1,2]],"dimensions":2})");
  EXPECT_EQ(reply["object"], "list");
  EXPECT_EQ(reply["data"][1]["index"], 1);
  EXPECT_FLOAT_EQ(reply["data"][1]["embedding"][1], 0.8f);
  EXPECT_EQ(reply["usage"].dump(), R"({"prompt_tokens":6,"total_tokens":6})");
  EXPECT_EQ(service.embedded.at(0).dimensions, 2);
  EXPECT_EQ(service.embedded[0].inputs[0].text, "a");
  EXPECT_EQ(service.embedded[0].inputs[1].tokens, (std::vector<text::TokenId>{1, 2}));

  const Json packed = ask_json("/v1/embeddings", R"({"input":"a","encoding_format":"base64"})");
  const auto bytes = media::decode_base64(packed["data"][0]["embedding"].get<std::string>(), "embedding");
  ASSERT_EQ(bytes.size(), 8u);
  float second = 0;
  std::memcpy(&second, bytes.data() + 4, 4);
  EXPECT_EQ(second, 0.8f);
  EXPECT_EQ(ask_json("/v1/embeddings", R"({"input":[]})", 400)["error"]["param"], "input");
  EXPECT_EQ(ask_json("/v1/embeddings", R"({"input":"a","encoding_format":"hex"})", 400)["error"]["param"],
            "encoding_format");
}

TEST_F(CompletionsTest, Models) {
  const Json list = Json::parse(ask("GET", "/v1/models")->body());
  EXPECT_EQ(list["object"], "list");
  EXPECT_EQ(list["data"][0]["id"], "nano");
  EXPECT_EQ(list["data"][0]["object"], "model");
  EXPECT_EQ(list["data"][0]["created"], 1790000000);
  EXPECT_EQ(Json::parse(ask("GET", "/v1/models/nano:latest")->body())["id"], "nano:latest");
  EXPECT_EQ(ask("GET", "/v1/models/other")->status(), 404);
}

TEST(Base64, Padding) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("\xff\xfe\xfd\xfc"), "//79/A==");
}

}  // namespace
}  // namespace facet::server
