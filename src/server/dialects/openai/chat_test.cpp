// Chats as clients see them: requests of many shapes, replies and streams.
#include "server/dialects/openai/openai_test.h"

namespace facet::server {
namespace {

constexpr const char* kChatPath = "/v1/chat/completions";

class ChatTest : public OpenAiTest {
 protected:
  // What the service is asked for; `more` is the inside of an object behind model and messages.
  GenerationRequest asked(const std::string& more,
                          const std::string& messages = R"([{"role":"user","content":"Hi"}])") {
    const std::string body = R"({"model":"nano","messages":)" + messages + (more.empty() ? "" : "," + more) + "}";
    service.events = {event::Done{}};
    ask_json(kChatPath, body);
    return service.asked.empty() ? GenerationRequest{} : service.asked.back();
  }
  // The error's message; its parameter has to be `parameter`.
  std::string refused(const std::string& more, const std::string& parameter,
                      const std::string& messages = R"([{"role":"user","content":"Hi"}])") {
    const size_t n_asked = service.asked.size();
    const Json reply = ask_json(kChatPath, R"({"messages":)" + messages + (more.empty() ? "" : "," + more) + "}", 400);
    EXPECT_EQ(service.asked.size(), n_asked);
    EXPECT_EQ(reply["error"]["param"], parameter);
    EXPECT_EQ(reply["error"]["type"], "invalid_request_error");
    return reply["error"]["message"];
  }
};

TEST_F(ChatTest, DefaultsAndNullsLeaveTheModelItsOwn) {
  for (const char* more :
       {"", R"("temperature":null,"stop":null,"n":null,"seed":null,"tools":null,"logprobs":null,)"
            R"("tool_choice":null,"response_format":null,"max_tokens":null,"stream":null,"unknown":3)"}) {
    const GenerationRequest request = asked(more);
    EXPECT_FALSE(request.sampling.temperature);
    EXPECT_FALSE(request.sampling.seed);
    EXPECT_EQ(request.max_tokens, -1);
    EXPECT_EQ(request.n, 1);
    EXPECT_EQ(request.n_logprobs, -1);
    EXPECT_TRUE(request.stop.empty());
    EXPECT_TRUE(request.tools.is_null());
    EXPECT_FALSE(request.thinking.on);
    EXPECT_EQ(request.client, "ann");
    EXPECT_EQ(request.messages.dump(), R"([{"role":"user","content":"Hi"}])");
  }
}

TEST_F(ChatTest, EveryOptionReachesTheService) {
  const GenerationRequest request = asked(
      R"("temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.1,"typical_p":0.8,"repetition_penalty":1.1,"presence_penalty":-1,
         "frequency_penalty":2,"seed":7,"stop":["a","b"],"n":3,"max_completion_tokens":9,"max_tokens":5,"logprobs":true,
         "top_logprobs":4,"logit_bias":{"1000":100,"7":-100},"ignore_eos":true,"keep_alive":"1h30m")");
  const SamplingRequest& sampling = request.sampling;
  EXPECT_FLOAT_EQ(*sampling.temperature, 0.5f);
  EXPECT_FLOAT_EQ(*sampling.top_p, 0.9f);
  EXPECT_EQ(sampling.top_k, 40);
  EXPECT_FLOAT_EQ(*sampling.min_p, 0.1f);
  EXPECT_FLOAT_EQ(*sampling.typical_p, 0.8f);
  EXPECT_FLOAT_EQ(*sampling.repetition_penalty, 1.1f);
  EXPECT_FLOAT_EQ(*sampling.presence_penalty, -1);
  EXPECT_FLOAT_EQ(*sampling.frequency_penalty, 2);
  EXPECT_EQ(sampling.seed, 7u);
  EXPECT_EQ(sampling.bias, (std::vector<std::pair<int, float>>{{1000, 100}, {7, -100}}));
  EXPECT_EQ(request.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(request.n, 3);
  EXPECT_EQ(request.max_tokens, 9);
  EXPECT_EQ(request.n_logprobs, 4);
  EXPECT_TRUE(request.ignores_stop);
  EXPECT_EQ(request.keep_alive, 5400.0);
  EXPECT_EQ(asked(R"("stop":"end","keep_alive":-1,"top_k":-1)").stop, std::vector<std::string>{"end"});
  EXPECT_EQ(asked(R"("top_k":-1)").sampling.top_k, 0);
}

TEST_F(ChatTest, WrongFieldsAreNamed) {
  EXPECT_EQ(refused(R"("temperature":"hot")", "temperature"), "temperature: expected a number, got a string");
  refused(R"("temperature":-1)", "temperature");
  refused(R"("n":0)", "n");
  refused(R"("n":1.5)", "n");
  refused(R"("max_tokens":0)", "max_tokens");
  refused(R"("stop":[1])", "stop[0]");
  refused(R"("logit_bias":{"x":1})", "logit_bias.x");
  refused(R"("logit_bias":{"1":101})", "logit_bias.1");
  refused(R"("top_logprobs":2)", "top_logprobs");
  refused(R"("stream":1)", "stream");
  refused(R"("stream_options":{"include_usage":"yes"})", "stream_options.include_usage");
  refused(R"("reasoning_effort":"enormous")", "reasoning_effort");
  refused(R"("keep_alive":"soon")", "keep_alive");
  refused(R"("modalities":["text","audio"])", "modalities");
  refused("", "messages", "null");
  refused("", "messages", "[]");
  refused("", "messages[0]", "[3]");
  refused("", "messages[0].role", R"([{"role":"robot","content":""}])");
  refused("", "messages[0].content", R"([{"role":"user"}])");
  refused("", "messages[0].content", R"([{"role":"user","content":3}])");
  refused("", "messages[0].content[0].type", R"([{"role":"user","content":[{"type":"hologram"}]}])");
  refused("", "messages[0].tool_calls[0].function", R"([{"role":"assistant","tool_calls":[{"id":"x"}]}])");
}

TEST_F(ChatTest, MessagesOfEveryRole) {
  const GenerationRequest request = asked("", R"([
    {"role":"developer","content":"Be brief."},
    {"role":"user","content":[{"type":"text","text":"What"},{"type":"text","text":"now?"}],"name":"bob"},
    {"role":"assistant","content":null,"reasoning":"hm","refusal":null,
     "tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
    {"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"done"}]},
    {"role":"assistant","function_call":{"name":"g","arguments":""}},
    {"role":"function","name":"g","content":"ok"}])");
  const std::string expected = R"([
    {"role":"developer","content":"Be brief."},
    {"role":"user","content":[{"type":"text","text":"What"},{"type":"text","text":"now?"}]},
    {"role":"assistant","content":"","reasoning_content":"hm",
     "tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
    {"role":"tool","content":[{"type":"text","text":"done"}],"tool_call_id":"call_1"},
    {"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"g","arguments":""}}]},
    {"role":"tool","content":"ok","name":"g"}])";
  EXPECT_EQ(request.messages.dump(), Json::parse(expected).dump());
}

TEST_F(ChatTest, MediaGoBesideTheMessages) {
  const GenerationRequest request = asked("", R"([{"role":"user","content":[
    {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo=","detail":"low"}},
    {"type":"input_audio","input_audio":{"data":"UklGRjEyMzRXQVZF","format":"wav"}},
    {"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,aGVsbG8="}}]}])");
  EXPECT_EQ(request.messages[0]["content"].dump(),
            R"([{"type":"image"},{"type":"audio"},{"type":"text","text":"a.txt:\nhello"}])");
  ASSERT_EQ(request.media.size(), 2u);
  EXPECT_EQ(request.media[0].kind, MediaInput::Kind::Image);
  EXPECT_EQ(request.media[0].bytes, "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(request.media[0].budget, "low");
  EXPECT_EQ(request.media[0].place, "messages[0].content[0]");
  EXPECT_EQ(request.media[1].kind, MediaInput::Kind::Audio);
  EXPECT_EQ(request.media[1].bytes, "RIFF1234WAVE");
  const char* address = R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://a/b.png"}}]}])";
  EXPECT_NE(refused("", "messages[0].content[0].image_url.url", address).find("does not fetch addresses"),
            std::string::npos);
}

TEST_F(ChatTest, UploadedFilesAreFoundByTheirOwner) {
  store.put({"file", "file-1", "ann", 1, R"({"filename":"notes.txt"})", "hello"});
  const char* messages = R"([{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}])";
  EXPECT_EQ(asked("", messages).messages[0]["content"][0]["text"], "notes.txt:\nhello");
  client = "bob";
  EXPECT_EQ(ask("POST", kChatPath, std::string(R"({"messages":)") + messages + "}")->status(), 404);
}

constexpr const char* kTools =
    R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},
                                          {"type":"function","function":{"name":"g"}}])";

TEST_F(ChatTest, ToolChoices) {
  const std::string tools = kTools;
  EXPECT_EQ(asked(tools).tools.dump(),
            R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},)"
            R"({"type":"function","function":{"name":"g"}}])");
  using Kind = ToolChoice::Kind;
  EXPECT_EQ(asked(tools + R"(,"tool_choice":"none")").tool_choice.kind, Kind::None);
  EXPECT_EQ(asked(tools + R"(,"tool_choice":"auto")").tool_choice.kind, Kind::Auto);
  EXPECT_EQ(asked(tools + R"(,"tool_choice":"required")").tool_choice.kind, Kind::Required);
  EXPECT_EQ(asked(tools + R"(,"parallel_tool_calls":false)").parallel_calls, false);
  const ToolChoice named = asked(tools + R"(,"tool_choice":{"type":"function","function":{"name":"g"}})").tool_choice;
  EXPECT_EQ(named.kind, Kind::Named);
  EXPECT_EQ(named.name, "g");
  const ToolChoice allowed = asked(tools + R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required",
                                             "tools":[{"type":"function","function":{"name":"f"}}]}})")
                                 .tool_choice;
  EXPECT_EQ(allowed.kind, Kind::Required);
  EXPECT_EQ(allowed.allowed, std::vector<std::string>{"f"});
  refused(tools + R"(,"tool_choice":{"type":"function","function":{"name":"h"}})", "tool_choice.function.name");
  refused(tools + R"(,"tool_choice":"sometimes")", "tool_choice");
  refused(R"("tool_choice":"required")", "tool_choice");
  refused(R"("tools":[{"type":"custom","custom":{"name":"x"}}])", "tools[0].type");
  refused(R"("tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}])",
          "tools[1]");
}

TEST_F(ChatTest, LegacyFunctions) {
  const GenerationRequest request = asked(R"("functions":[{"name":"f"}],"function_call":{"name":"f"})");
  EXPECT_EQ(request.tools[0]["function"]["name"], "f");
  EXPECT_EQ(request.tool_choice.name, "f");
  EXPECT_EQ(request.parallel_calls, false);
  service.events = {event::Started{"nano", 4, 0},
                    event::CallBegin{0, 0, "call_1", "f"},
                    event::CallArguments{0, 0, "{}"},
                    event::CallEnd{0, 0, "call_1", "f", Json::object()},
                    event::Finished{0, Finish::Calls, "", {}},
                    event::Done{}};
  const std::string body = R"({"messages":[{"role":"user","content":"x"}],"functions":[{"name":"f"}])";
  const Json choice = ask_json(kChatPath, body + "}")["choices"][0];
  EXPECT_EQ(choice["message"]["function_call"].dump(), R"({"name":"f","arguments":"{}"})");
  EXPECT_EQ(choice["finish_reason"], "function_call");
  const auto chunks = ask_stream(kChatPath, body + R"(,"stream":true})");
  EXPECT_EQ(chunks[1]["choices"][0]["delta"]["function_call"]["name"], "f");
  EXPECT_EQ(chunks[2]["choices"][0]["delta"]["function_call"]["arguments"], "{}");
  EXPECT_EQ(chunks[3]["choices"][0]["finish_reason"], "function_call");
}

TEST_F(ChatTest, Formats) {
  using Kind = OutputFormat::Kind;
  EXPECT_EQ(asked(R"("response_format":{"type":"text"})").format.kind, Kind::Text);
  EXPECT_EQ(asked(R"("response_format":{"type":"json_object"})").format.kind, Kind::JsonObject);
  const OutputFormat schema =
      asked(R"("response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"string"}}})").format;
  EXPECT_EQ(schema.kind, Kind::Schema);
  EXPECT_EQ(schema.schema.dump(), R"({"type":"string"})");
  EXPECT_EQ(asked(R"("guided_regex":"a+")").format.text, "a+");
  EXPECT_EQ(asked(R"("regex":"a+")").format.kind, Kind::Regex);
  EXPECT_EQ(asked(R"("grammar":"root ::= \"a\"")").format.kind, Kind::Grammar);
  EXPECT_EQ(asked(R"("guided_choice":["a","b"])").format.choices, (std::vector<std::string>{"a", "b"}));
  refused(R"("response_format":{"type":"yaml"})", "response_format.type");
  refused(R"("response_format":{"type":"json_schema","json_schema":{"name":"x"}})",
          "response_format.json_schema.schema");
  refused(R"("response_format":{"type":"json_object"},"regex":"a")", "regex");
  refused(R"("guided_choice":[])", "guided_choice");
}

TEST_F(ChatTest, Thinking) {
  EXPECT_EQ(asked(R"("reasoning_effort":"none")").thinking.on, false);
  EXPECT_EQ(asked(R"("reasoning_effort":"low")").thinking.budget, 512);
  EXPECT_EQ(asked(R"("reasoning":{"effort":"high"})").thinking.budget, 8192);
  EXPECT_EQ(asked(R"("chat_template_kwargs":{"enable_thinking":true})").thinking.on, true);
  EXPECT_EQ(asked(R"("reasoning_effort":"high","chat_template_kwargs":{"enable_thinking":false})").thinking.on, false);
}

TEST_F(ChatTest, ContinuesTheLastMessage) {
  const char* begun = R"([{"role":"user","content":"x"},{"role":"assistant","content":"It is"}])";
  EXPECT_TRUE(asked(R"("continue_final_message":true)", begun).continues_last);
  EXPECT_FALSE(asked("", begun).continues_last);
  refused(R"("continue_final_message":true)", "continue_final_message");
}

std::vector<Event> spoken_events() {
  TokenLogprob token{"He", 5, -0.5f, {{"He", -0.5f}, {"\xff", -std::numeric_limits<float>::infinity()}}};
  Usage usage;
  usage.n_prompt = 10;
  usage.n_cached = 6;
  usage.n_generated = 5;
  usage.n_thought = 2;
  return {event::Started{"nano", 10, 6},
          event::Thought{0, "hm"},
          event::Text{0, "He", {token}},
          event::Text{0, "llo ü", {}},
          event::Finished{0, Finish::Stop, "", {}},
          event::Done{usage}};
}

TEST_F(ChatTest, WholeReply) {
  service.events = spoken_events();
  const Json reply = ask_json(
      kChatPath, R"({"model":"nano","logprobs":true,"top_logprobs":2,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(reply["object"], "chat.completion");
  EXPECT_TRUE(reply["id"].get<std::string>().starts_with("chatcmpl-"));
  EXPECT_GT(reply["created"], 1'700'000'000);
  EXPECT_EQ(reply["model"], "nano");
  EXPECT_EQ(reply["system_fingerprint"], "fp_aaaaaaaaaa");
  const Json& choice = reply["choices"][0];
  EXPECT_EQ(choice["message"]["content"], "Hello ü");
  EXPECT_EQ(choice["message"]["reasoning_content"], "hm");
  EXPECT_EQ(choice["message"]["reasoning"], "hm");
  EXPECT_EQ(choice["finish_reason"], "stop");
  const Json& first = choice["logprobs"]["content"][0];
  EXPECT_EQ(first["token"], "He");
  EXPECT_EQ(first["bytes"].dump(), "[72,101]");
  EXPECT_EQ(first["top_logprobs"][1]["bytes"].dump(), "[255]");
  EXPECT_EQ(first["top_logprobs"][1]["logprob"], -9999.0);
  EXPECT_EQ(reply["usage"].dump(), R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,)"
                                   R"("prompt_tokens_details":{"cached_tokens":6},)"
                                   R"("completion_tokens_details":{"reasoning_tokens":2}})");
}

TEST_F(ChatTest, StreamInOrder) {
  service.events = spoken_events();
  const auto chunks = ask_stream(
      kChatPath,
      R"({"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]})");
  ASSERT_EQ(chunks.size(), 7u);
  EXPECT_EQ(chunks[0]["choices"][0]["delta"].dump(), R"({"role":"assistant"})");
  EXPECT_EQ(chunks[1]["choices"][0]["delta"].dump(), R"({"reasoning_content":"hm","reasoning":"hm"})");
  EXPECT_EQ(chunks[2]["choices"][0]["delta"].dump(), R"({"content":"He"})");
  EXPECT_EQ(chunks[3]["choices"][0]["delta"].dump(), R"({"content":"llo ü"})");
  EXPECT_TRUE(chunks[3]["choices"][0]["finish_reason"].is_null());
  EXPECT_EQ(chunks[4]["choices"][0]["delta"].dump(), "{}");
  EXPECT_EQ(chunks[4]["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(chunks[5]["choices"].dump(), "[]");
  EXPECT_EQ(chunks[5]["usage"]["total_tokens"], 15);
  EXPECT_TRUE(chunks[6].is_null());
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(chunks[i]["id"], chunks[0]["id"]);
    EXPECT_EQ(chunks[i]["object"], "chat.completion.chunk");
    EXPECT_EQ(chunks[i]["usage"].is_null(), i < 5);
  }
}

TEST_F(ChatTest, CallsInStreamAndWhole) {
  service.events = {event::Started{"nano", 4, 0},
                    event::CallBegin{0, 0, "call_1", "f"},
                    event::CallArguments{0, 0, "{\"a\":"},
                    event::CallArguments{0, 0, "1}"},
                    event::CallEnd{0, 0, "call_1", "f", {{"a", 1}}},
                    event::CallBegin{0, 1, "call_2", "g"},
                    event::CallEnd{0, 1, "call_2", "g", Json::object()},
                    event::Finished{0, Finish::Calls, "", {}},
                    event::Done{}};
  const std::string body = std::string(R"({"messages":[{"role":"user","content":"x"}],)") + kTools;
  const Json choice = ask_json(kChatPath, body + "}")["choices"][0];
  EXPECT_TRUE(choice["message"]["content"].is_null());
  EXPECT_EQ(choice["message"]["tool_calls"].dump(),
            R"([{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},)"
            R"({"id":"call_2","type":"function","function":{"name":"g","arguments":"{}"}}])");
  EXPECT_EQ(choice["finish_reason"], "tool_calls");

  std::map<int, std::string> arguments;
  std::map<int, std::pair<std::string, std::string>> names;
  for (const Json& chunk : ask_stream(kChatPath, body + R"(,"stream":true})"))
    if (!chunk.is_null() && chunk["choices"][0]["delta"].contains("tool_calls")) {
      const Json& call = chunk["choices"][0]["delta"]["tool_calls"][0];
      if (call.contains("id")) names[call["index"]] = {call["id"], call["function"]["name"]};
      arguments[call["index"]] += call["function"].value("arguments", "");
    }
  EXPECT_EQ(arguments[0], "{\"a\":1}");
  EXPECT_EQ(arguments[1], "{}");
  EXPECT_EQ(names[0], std::pair(std::string("call_1"), std::string("f")));
  EXPECT_EQ(names[1], std::pair(std::string("call_2"), std::string("g")));
}

TEST_F(ChatTest, SeveralChoices) {
  service.events = {event::Started{"nano", 4, 0},
                    event::Text{1, "b", {}},
                    event::Text{0, "a", {}},
                    event::Finished{1, Finish::Length, "", {}},
                    event::Finished{0, Finish::StopString, "x", {}},
                    event::Done{}};
  const std::string body = R"({"n":2,"messages":[{"role":"user","content":"x"}])";
  const Json choices = ask_json(kChatPath, body + "}")["choices"];
  EXPECT_EQ(choices[0]["message"]["content"], "a");
  EXPECT_EQ(choices[0]["finish_reason"], "stop");
  EXPECT_EQ(choices[1]["message"]["content"], "b");
  EXPECT_EQ(choices[1]["finish_reason"], "length");
  EXPECT_EQ(choices[1]["index"], 1);
  EXPECT_EQ(ask_stream(kChatPath, body + R"(,"stream":true})").size(), 7u);
}

TEST_F(ChatTest, FailureWithinAStream) {
  service.events = {event::Started{"nano", 4, 0}, event::Text{0, "a", {}},
                    event::Failed{std::make_exception_ptr(ResourceError("out of pages"))}};
  const auto chunks = ask_stream(kChatPath, R"({"stream":true,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(chunks[2]["error"]["message"], "out of pages");
  EXPECT_EQ(chunks[2]["error"]["type"], "server_error");
  EXPECT_TRUE(chunks.back().is_null());
}

TEST_F(ChatTest, UnknownModel) {
  const Json reply =
      ask_json(kChatPath, R"({"model":"no-such-model","messages":[{"role":"user","content":"x"}]})", 404);
  EXPECT_EQ(reply["error"]["code"], "model_not_found");
}

}  // namespace
}  // namespace facet::server
