// Responses as clients see them: items in, items and events out, and what is kept.
#include <unistd.h>

#include <filesystem>
#include <future>

#include "server/dialects/openai/openai_test.h"
#include "server/dialects/openai/responses/test_events.h"

namespace facet::server {
namespace {

constexpr const char* kResponses = "/v1/responses";

class ResponsesTest : public OpenAiTest {
 protected:
  ResponsesTest() { service.events = said("Hello"); }

  static std::vector<Event> said(const std::string& text, Finish reason = Finish::Stop) {
    Usage usage;
    usage.n_prompt = 9;
    usage.n_generated = 4;
    usage.n_thought = 1;
    usage.n_cached = 5;
    return {event::Started{"nano", 9, 5}, event::Text{0, text, {}}, event::Finished{0, reason, "", {}},
            event::Done{usage}};
  }
  GenerationRequest asked(const std::string& inside) {
    ask_json(kResponses, "{" + inside + "}");
    return service.asked.empty() ? GenerationRequest{} : service.asked.back();
  }
  Json refused(const std::string& inside, int status = 400) {
    const size_t n_asked = service.asked.size();
    const Json error = ask_json(kResponses, "{" + inside + "}", status)["error"];
    EXPECT_EQ(service.asked.size(), n_asked);
    return error;
  }
  // Events of a stream; their names have to be those of their data, their numbers to count up.
  std::vector<Json> events(const std::string& inside) {
    const auto exchange = ask("POST", kResponses, R"({"stream":true,)" + inside + "}");
    EXPECT_EQ(exchange->content_type(), "text/event-stream");
    const std::vector<Json> events = stream_data(exchange->body());
    size_t at = 0;
    for (size_t i = 0; i < events.size(); ++i) {
      at = exchange->body().find("event: " + events[i]["type"].get<std::string>() + "\ndata: ", at);
      EXPECT_NE(at, std::string::npos);
      EXPECT_EQ(events[i]["sequence_number"], i);
    }
    return events;
  }
};

TEST_F(ResponsesTest, TextInTextOut) {
  const Json response =
      ask_json(kResponses, R"({"model":"nano","input":"Hi","instructions":"Be brief.","metadata":{"k":"v"},)"
                           R"("max_output_tokens":7,"temperature":0.5,"truncation":"auto","stop":null})");
  EXPECT_EQ(response["object"], "response");
  EXPECT_TRUE(response["id"].get<std::string>().starts_with("resp_"));
  EXPECT_EQ(response["status"], "completed");
  EXPECT_EQ(response["model"], "nano");
  EXPECT_EQ(response["instructions"], "Be brief.");
  EXPECT_EQ(response["metadata"]["k"], "v");
  EXPECT_EQ(response["temperature"], 0.5);
  const Json& message = response["output"][0];
  EXPECT_EQ(message["type"], "message");
  EXPECT_EQ(message["status"], "completed");
  EXPECT_EQ(message["content"][0]["text"], "Hello");
  EXPECT_EQ(response["usage"].dump(),
            R"({"input_tokens":9,"input_tokens_details":{"cached_tokens":5},"output_tokens":4,)"
            R"("output_tokens_details":{"reasoning_tokens":1},"total_tokens":13})");
  const GenerationRequest& request = service.asked.at(0);
  EXPECT_EQ(request.messages.dump(), R"([{"role":"developer","content":"Be brief."},{"role":"user","content":"Hi"}])");
  EXPECT_EQ(request.max_tokens, 7);
  EXPECT_TRUE(request.shortens);
}

TEST_F(ResponsesTest, LengthIsIncomplete) {
  service.events = said("Hel", Finish::Length);
  const Json response = ask_json(kResponses, R"({"input":"Hi"})");
  EXPECT_EQ(response["status"], "incomplete");
  EXPECT_EQ(response["incomplete_details"]["reason"], "max_output_tokens");
  EXPECT_EQ(response["output"][0]["status"], "incomplete");
}

TEST_F(ResponsesTest, ItemsBecomeMessages) {
  const GenerationRequest request = asked(R"("input":[
    {"type":"message","id":"msg_1","role":"developer","content":[{"type":"input_text","text":"Brief."}]},
    {"role":"user","content":[{"type":"input_text","text":"See"},{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]},
    {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"content":null},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Looking.","annotations":[]}]},
    {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}","id":"fc_1","status":"completed"},
    {"type":"function_call","call_id":"c2","name":"g","arguments":""},
    {"type":"web_search_call","id":"ws_1","status":"completed"},
    {"type":"function_call_output","call_id":"c1","output":"one"},
    {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"two"}]},
    {"type":"message","role":"assistant","content":"First."},
    {"type":"message","role":"assistant","content":"Second."}])");
  const char* expected = R"([
    {"role":"developer","content":[{"type":"text","text":"Brief."}]},
    {"role":"user","content":[{"type":"text","text":"See"},{"type":"image"}]},
    {"role":"assistant","content":[{"type":"text","text":"Looking."}],"reasoning_content":"hm","tool_calls":[
      {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
      {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
    {"role":"tool","tool_call_id":"c1","content":"one"},
    {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"two"}]},
    {"role":"assistant","content":"First."},
    {"role":"assistant","content":"Second."}])";
  EXPECT_EQ(request.messages.dump(), Json::parse(expected).dump());
  ASSERT_EQ(request.media.size(), 1u);
  EXPECT_EQ(request.media[0].place, "input[1].content[1]");
}

TEST_F(ResponsesTest, WrongFieldsAreNamed) {
  EXPECT_EQ(refused("")["param"], "input");
  EXPECT_EQ(refused(R"("input":[])")["param"], "input");
  EXPECT_EQ(refused(R"("input":[{"type":"message"}])")["param"], "input[0].role");
  EXPECT_EQ(refused(R"("input":[{"type":"riddle"}])")["param"], "input[0].type");
  EXPECT_EQ(refused(R"("input":[{"type":"function_call_output","output":"x"}])")["param"], "input[0].call_id");
  EXPECT_EQ(refused(R"("input":[{"type":"item_reference","id":"msg_x_0"}])", 404)["param"], "input[0].id");
  EXPECT_EQ(refused(R"("input":"x","previous_response_id":"resp_x")", 404)["param"], "previous_response_id");
  EXPECT_EQ(refused(R"("input":"x","text":{"format":{"type":"yaml"}})")["param"], "text.format.type");
  EXPECT_EQ(refused(R"("input":"x","background":true,"store":false)")["param"], "background");
  EXPECT_EQ(refused(R"("input":"x","conversation":"c")")["param"], "conversation");
  EXPECT_EQ(refused(R"("input":"x","tools":[{"type":"mcp","server_url":"http://x"}])")["param"],
            "tools[0].server_label");
  EXPECT_EQ(refused(R"("input":"x","max_output_tokens":"many")")["param"], "max_output_tokens");
}

TEST_F(ResponsesTest, ToolsOfManyTypes) {
  service.events = {event::Started{"nano", 1, 0},
                    event::CallBegin{0, 0, "call_1", "close"},
                    event::CallEnd{0, 0, "call_1", "close", {{"id", 3}}},
                    event::CallBegin{0, 1, "call_2", "b__f"},
                    event::CallEnd{0, 1, "call_2", "b__f", Json::object()},
                    event::Finished{0, Finish::Calls, "", {}},
                    event::Done{}};
  const std::string tools =
      R"("tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true},
    {"type":"web_search"},{"type":"custom","name":"patch"},
    {"type":"namespace","name":"a","tools":[{"type":"function","name":"close"}]},
    {"type":"namespace","name":"b","tools":[{"type":"function","name":"f"}]}])";
  const Json response = ask_json(kResponses, R"({"input":"x",)" + tools + R"(,"tool_choice":"required"})");
  const Json& declared = service.asked.at(0).tools;
  ASSERT_EQ(declared.size(), 3u);
  EXPECT_EQ(declared[0]["function"]["name"], "f");
  EXPECT_EQ(declared[1]["function"]["name"], "close");
  EXPECT_EQ(declared[2]["function"]["name"], "b__f");
  EXPECT_EQ(service.asked[0].tool_choice.kind, ToolChoice::Kind::Required);
  const Json& call = response["output"][0];
  EXPECT_EQ(call["type"], "function_call");
  EXPECT_EQ(call["call_id"], "call_1");
  EXPECT_EQ(call["arguments"], "{\"id\":3}");
  EXPECT_EQ(call["namespace"], "a");
  EXPECT_EQ(response["output"][1]["name"], "f");
  EXPECT_EQ(response["output"][1]["namespace"], "b");

  const Json again =
      Json::array({response["output"][1], {{"type", "function_call_output"}, {"call_id", "call_2"}, {"output", "ok"}}});
  EXPECT_EQ(asked(R"("input":)" + again.dump() + "," + tools).messages[0]["tool_calls"][0]["function"]["name"], "b__f");
  EXPECT_EQ(asked(R"("input":"x","tool_choice":{"type":"function","name":"f"},)" + tools).tool_choice.name, "f");
}

TEST_F(ResponsesTest, StreamOfText) {
  const std::vector<Json> all = events(R"("input":"Hi")");
  EXPECT_EQ(event_types(all), with_message({"created", "in_progress"}, {"completed"}));
  EXPECT_EQ(all[0]["response"]["status"], "in_progress");
  EXPECT_EQ(all[4]["delta"], "Hello");
  EXPECT_EQ(all[4]["item_id"], all[2]["item"]["id"]);
  EXPECT_EQ(all[5]["text"], "Hello");
  EXPECT_EQ(all[8]["response"]["output"][0], all[7]["item"]);
  EXPECT_EQ(all[8]["response"]["usage"]["total_tokens"], 13);
}

TEST_F(ResponsesTest, StreamOfThoughtsTextAndCalls) {
  service.events = {event::Started{"nano", 1, 0},
                    event::Thought{0, "h"},
                    event::Thought{0, "m"},
                    event::Text{0, "So", {}},
                    event::CallBegin{0, 0, "call_1", "f"},
                    event::CallArguments{0, 0, "{\"a\":"},
                    event::CallArguments{0, 0, "1}"},
                    event::CallEnd{0, 0, "call_1", "f", {{"a", 1}}},
                    event::Finished{0, Finish::Calls, "", {}},
                    event::Done{}};
  const std::vector<Json> all = events(R"("input":"Hi","reasoning":{"summary":"auto"},)"
                                       R"("include":["reasoning.encrypted_content"])");
  EXPECT_EQ(event_types(all),
            with_message({"created", "in_progress", "output_item.added", "reasoning_summary_part.added",
                          "reasoning_summary_text.delta", "reasoning_summary_text.delta", "reasoning_summary_text.done",
                          "reasoning_summary_part.done", "output_item.done"},
                         {"output_item.added", "function_call_arguments.delta", "function_call_arguments.delta",
                          "function_call_arguments.done", "output_item.done", "completed"}));
  EXPECT_EQ(all[18]["arguments"], "{\"a\":1}");
  const Json& output = all.back()["response"]["output"];
  EXPECT_EQ(output[0]["summary"][0]["text"], "hm");
  for (size_t i = 0; i < output.size(); ++i)
    for (size_t j = 0; j < i; ++j) EXPECT_NE(output[i]["id"], output[j]["id"]);

  // A client without memory here sends them back, the thought sealed: it belongs to the turn with the call.
  Json thought = output[0];
  thought["summary"] = Json::array();
  const Json again = Json::array({thought, output[2]});
  const Json turn = asked(R"("input":)" + again.dump()).messages[0];
  EXPECT_EQ(turn["reasoning_content"], "hm");
  EXPECT_EQ(turn["tool_calls"][0]["id"], "call_1");
}

TEST_F(ResponsesTest, ThoughtsThemselvesWithoutSummary) {
  service.events = {event::Started{"nano", 1, 0}, event::Thought{0, "hm"}, event::Finished{0, Finish::Length, "", {}},
                    event::Done{}};
  const std::vector<Json> all = events(R"("input":"Hi")");
  EXPECT_EQ(event_types(all), (Types{"created", "in_progress", "output_item.added", "reasoning_text.delta",
                                     "reasoning_text.done", "output_item.done", "incomplete"}));
  EXPECT_EQ(all.back()["response"]["output"][0]["content"][0]["text"], "hm");
}

TEST_F(ResponsesTest, FailureWithinAStream) {
  service.events = {event::Started{"nano", 1, 0}, event::Text{0, "a", {}},
                    event::Failed{std::make_exception_ptr(ResourceError("out of pages"))}};
  const std::vector<Json> all = events(R"("input":"Hi")");
  EXPECT_EQ(all.back()["type"], "response.failed");
  EXPECT_EQ(all.back()["response"]["error"]["message"], "out of pages");
  EXPECT_TRUE(store.list("response", "ann", 10).empty());
}

TEST_F(ResponsesTest, ConversationsGoOn) {
  const Json first = ask_json(kResponses, R"({"input":"One","instructions":"Be brief."})");
  const std::string id = first["id"];
  const Json second = ask_json(kResponses, R"({"input":"Two","previous_response_id":")" + id + "\"}");
  EXPECT_EQ(second["previous_response_id"], id);
  const std::string second_id = second["id"];
  ask_json(kResponses, R"({"input":"Three","previous_response_id":")" + second_id + "\"}");
  std::string said;
  for (const Json& message : service.asked.back().messages)
    for (const Json& part :
         message["content"].is_string() ? Json::array({{{"text", message["content"]}}}) : message["content"])
      said += part["text"].get<std::string>() + " ";
  EXPECT_EQ(said, "One Hello Two Hello Three ");  // instructions are of one request

  const std::string item = first["output"][0]["id"];
  const GenerationRequest request = asked(R"("input":[{"type":"item_reference","id":")" + item + "\"}]");
  EXPECT_EQ(request.messages[0]["content"][0]["text"], "Hello");
  std::string many = R"({"type":"item_reference","id":")" + item + "\"}";
  const std::string one = "," + many;
  for (int i = 0; i < 256; ++i) many += one;
  EXPECT_EQ(refused("\"input\":[" + many + "]")["param"], "input");

  client = "bob";
  refused(R"("input":"x","previous_response_id":")" + id + "\"", 404);
}

TEST_F(ResponsesTest, StoredOnesAreReadAndDeleted) {
  const Json made = ask_json(kResponses, R"({"input":"Hi"})");
  const std::string path = "/v1/responses/" + made["id"].get<std::string>();
  EXPECT_EQ(Json::parse(ask("GET", path)->body()), made);
  const Json items = Json::parse(ask("GET", path + "/input_items")->body());
  EXPECT_EQ(items["data"][0]["content"][0]["text"], "Hi");
  EXPECT_EQ(items["has_more"], false);
  EXPECT_EQ(ask("POST", path + "/cancel")->status(), 400);
  client = "bob";
  EXPECT_EQ(ask("GET", path)->status(), 404);
  EXPECT_EQ(ask("DELETE", path)->status(), 404);
  client = "ann";
  EXPECT_EQ(Json::parse(ask("DELETE", path)->body())["deleted"], true);
  EXPECT_EQ(ask("GET", path)->status(), 404);
  const std::string unstored = ask_json(kResponses, R"({"input":"Hi","store":false})")["id"];
  EXPECT_EQ(ask("GET", "/v1/responses/" + unstored)->status(), 404);
}

TEST_F(ResponsesTest, InputTokensAreCounted) {
  EXPECT_EQ(ask_json("/v1/responses/input_tokens", R"({"input":"Hi"})")["input_tokens"], 7);
}

// A service that answers when the test says so.
class SlowService : public TestService {
 public:
  std::shared_ptr<Job> generate(GenerationRequest request, EventSink sink) override {
    asked.push_back(std::move(request));
    this->sink = std::move(sink);
    struct Cancels : Job {
      SlowService* service;
      void cancel() override {
        service->sink(event::Finished{0, Finish::Cancelled, "", {}});
        service->sink(event::Done{});
      }
    };
    auto job = std::make_shared<Cancels>();
    job->service = this;
    return job;
  }
  EventSink sink;
};

TEST(BackgroundResponses, AreMadeCancelledAndFailAfterARestart) {
  SlowService service;
  Store store(":memory:");
  const http::Routes routes = openai_routes(service, store);
  const std::string body = R"({"input":"Hi","background":true})";
  const auto ask = [&](const char* method, const std::string& path, const std::string& text = {}) {
    return Json::parse(ask_routes(routes, method, path, text)->body());
  };
  const auto status = [&](const Json& made) {
    return ask("GET", "/v1/responses/" + made["id"].get<std::string>())["status"].get<std::string>();
  };
  const Json first = ask("POST", kResponses, body);
  EXPECT_EQ(first["status"], "queued");
  EXPECT_EQ(status(first), "in_progress");
  service.sink(event::Started{"nano", 1, 0});
  service.sink(event::Text{0, "Hello", {}});
  service.sink(event::Finished{0, Finish::Stop, "", {}});
  service.sink(event::Done{});
  store.queue().wait();
  EXPECT_EQ(status(first), "completed");

  const Json second = ask("POST", kResponses, body);
  const std::string path = "/v1/responses/" + second["id"].get<std::string>();
  EXPECT_EQ(ask("POST", path + "/cancel")["status"], "cancelled");
  store.queue().wait();
  EXPECT_EQ(status(second), "cancelled");

  const Json third = ask("POST", kResponses, body);
  openai_routes(service, store);  // as a new start does
  EXPECT_EQ(status(third), "failed");
  EXPECT_EQ(status(first), "completed");
}

TEST(BackgroundResponses, WhatNobodyCancelledHasFailedWithTheServer) {
  SlowService service;
  Store store(":memory:");
  const http::Routes routes = openai_routes(service, store);
  const Json made =
      Json::parse(ask_routes(routes, "POST", kResponses, R"({"input":"Hi","background":true})", "ann")->body());
  service.sink(event::Started{"nano", 1, 0});
  service.sink(event::Finished{0, Finish::Cancelled, "", {}});  // as a service does that ends
  service.sink(event::Done{});
  store.queue().wait();
  const Json now =
      Json::parse(ask_routes(routes, "GET", "/v1/responses/" + made["id"].get<std::string>(), "", "ann")->body());
  EXPECT_EQ(now["status"], "failed");
  EXPECT_EQ(now["error"]["message"], "the server stopped before it was finished");
}

// A server that was killed between the two leaves its marker beside what it finished.
TEST(BackgroundResponses, WhatWasFinishedStaysAsItIs) {
  SlowService service;
  Store store(":memory:");
  const http::Routes routes = openai_routes(service, store);
  const Json made = Json::parse(ask_routes(routes, "POST", kResponses, R"({"input":"Hi","background":true})")->body());
  const std::string id = made["id"];
  const std::vector<StoredItem> markers = store.all("background");
  ASSERT_EQ(markers.size(), 1u);
  service.sink(event::Started{"nano", 1, 0});
  service.sink(event::Text{0, "Hello", {}});
  service.sink(event::Finished{0, Finish::Stop, "", {}});
  service.sink(event::Done{});
  store.queue().wait();
  store.put(markers[0]);
  const http::Routes again = openai_routes(service, store);
  EXPECT_EQ(Json::parse(ask_routes(again, "GET", "/v1/responses/" + id)->body())["status"], "completed");
  EXPECT_TRUE(store.all("background").empty());
}

TEST(BackgroundResponses, OnAFullDiskTheyHaveFailed) {
  SlowService service;
  Store store(":memory:", 1 << 20);
  const http::Routes routes = openai_routes(service, store);
  const Json made =
      Json::parse(ask_routes(routes, "POST", kResponses, R"({"input":"Hi","background":true})", "ann")->body());
  service.sink(event::Started{"nano", 1, 0});
  service.sink(event::Text{0, std::string(2 << 20, 'x'), {}});
  service.sink(event::Finished{0, Finish::Stop, "", {}});
  service.sink(event::Done{});
  store.queue().wait();
  const Json now =
      Json::parse(ask_routes(routes, "GET", "/v1/responses/" + made["id"].get<std::string>(), "", "ann")->body());
  EXPECT_EQ(now["status"], "failed");
  EXPECT_EQ(now["error"]["message"], "the server could not store the response");
}

// Two servers that share a store, as two processes do.
class SharedStore : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Json ask(const http::Routes& routes, const char* method, const std::string& path, const std::string& body = {}) {
    const auto exchange = ask_routes(routes, method, path, body);
    Json json = Json::parse(exchange->body());
    json["http_status"] = exchange->status();
    return json;
  }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("facet_shared_" + std::to_string(::getpid()));
  const std::string path_ = folder_ / "state.db";
};

TEST_F(SharedStore, WhatAnotherServerMakesIsLeftAlone) {
  SlowService one, two;
  auto first_store = std::make_unique<Store>(path_);
  auto first = std::make_unique<http::Routes>(openai_routes(one, *first_store));
  const std::string id = ask(*first, "POST", kResponses, R"({"input":"Hi","background":true})")["id"];
  const std::string other = ask(*first, "POST", kResponses, R"({"input":"Hi","background":true})")["id"];

  Store store(path_);
  const http::Routes second = openai_routes(two, store);
  EXPECT_EQ(ask(second, "GET", "/v1/responses/" + id)["status"], "in_progress");
  EXPECT_EQ(ask(second, "POST", "/v1/responses/" + id + "/cancel")["http_status"], 409);

  one.sink(event::Started{"nano", 1, 0});
  one.sink(event::Finished{0, Finish::Stop, "", {}});
  one.sink(event::Done{});
  first_store->queue().wait();
  EXPECT_EQ(ask(second, "GET", "/v1/responses/" + other)["status"], "completed");

  one.sink = nullptr;
  first = nullptr;  // ends with the other response under way
  first_store = nullptr;
  EXPECT_EQ(ask(second, "GET", "/v1/responses/" + id)["status"], "failed");
  Store third(path_);
  EXPECT_EQ(ask(openai_routes(two, third), "GET", "/v1/responses/" + id)["error"]["message"],
            "the server stopped before it was finished");
}

// The disk, which a test can hold up.
TEST_F(ResponsesTest, OthersGoOnWhileOneIsStored) {
  std::promise<void> go;
  store.queue().push([&] { go.get_future().wait(); });
  http::Request request;
  request.method = "POST";
  request.path = kResponses;
  request.body = R"({"input":"Hi"})";
  const http::Routes own = openai_routes(service, store);
  const auto exchange = ask_routes(own, request);  // returns, although its answer is over
  EXPECT_FALSE(exchange->has_ended()) << "it is not stored";
  request.body = R"({"input":"Hi","store":false})";
  EXPECT_TRUE(ask_routes(own, request)->has_ended()) << "it needs no disk";
  go.set_value();
  store.queue().wait();
  EXPECT_TRUE(exchange->has_ended());
  EXPECT_EQ(store.list("response", "", 10).size(), 1u);
}

}  // namespace
}  // namespace facet::server
