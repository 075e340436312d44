// Files, batches and transcripts as clients see them.
#include <atomic>
#include <chrono>
#include <thread>

#include "server/dialects/openai/batches/batch_runner.h"
#include "server/dialects/openai/openai_test.h"

namespace facet::server {
namespace {

class FilesTest : public OpenAiTest {
 protected:
  using FormFields = std::vector<std::pair<std::string, std::string>>;
  std::shared_ptr<TestExchange> post_form(const std::string& path, const FormFields& fields, const std::string& file) {
    std::string body;
    for (const auto& [name, value] : fields)
      body += "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    if (!file.empty())
      body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n" + file + "\r\n";
    return ask("POST", path, body + "--b--\r\n", {{"content-type", "multipart/form-data; boundary=b"}});
  }
  std::string upload(const std::string& content) {
    return Json::parse(post_form("/v1/files", {{"purpose", "batch"}}, content)->body())["id"];
  }
  Json get_json(const std::string& path) { return Json::parse(ask("GET", path)->body()); }
  Json new_batch_of(const std::string& file) {
    return ask_json("/v1/batches",
                    R"({"endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"k":"v"},)"
                    R"("input_file_id":")" +
                        file + "\"}");
  }
  // The batch when it has ended, or after ten seconds.
  Json ended(const std::string& id) {
    Json batch;
    for (int i = 0; i < 2000; ++i) {
      batch = get_json("/v1/batches/" + id);
      for (const char* status : {"completed", "failed", "cancelled"})
        if (batch["status"] == status) return batch;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return batch;
  }
  static std::string line(const std::string& id, const std::string& model) {
    return R"({"custom_id":")" + id + R"(","method":"POST","url":"/v1/chat/completions","body":{"model":")" + model +
           R"(","messages":[{"role":"user","content":"x"}]}})" + "\n";
  }
};

std::vector<Event> said_hello() {
  return {event::Started{"nano", 1, 0}, event::Text{0, "Hello", {}}, event::Finished{0, Finish::Stop, "", {}},
          event::Done{}};
}

TEST_F(FilesTest, LifeOfAFile) {
  const auto uploaded = post_form("/v1/files", {{"purpose", "batch"}}, "{\"a\": 1}\n");
  EXPECT_EQ(uploaded->status(), 200);
  const Json file = Json::parse(uploaded->body());
  EXPECT_EQ(file["object"], "file");
  EXPECT_EQ(file["bytes"], 9);
  EXPECT_EQ(file["filename"], "in.jsonl");
  EXPECT_EQ(file["purpose"], "batch");
  const std::string path = "/v1/files/" + file["id"].get<std::string>();
  EXPECT_EQ(get_json(path), file);
  EXPECT_EQ(ask("GET", path + "/content")->body(), "{\"a\": 1}\n");
  EXPECT_EQ(get_json("/v1/files")["data"][0]["id"], file["id"]);
  EXPECT_TRUE(get_json("/v1/files?purpose=vision")["data"].empty());
  client = "bob";
  EXPECT_EQ(ask("GET", path)->status(), 404);
  EXPECT_TRUE(get_json("/v1/files")["data"].empty());
  client = "ann";
  EXPECT_EQ(Json::parse(ask("DELETE", path)->body())["deleted"], true);
  EXPECT_EQ(ask("GET", path + "/content")->status(), 404);
  EXPECT_EQ(ask("DELETE", path)->status(), 404);
}

TEST_F(FilesTest, UploadsNeedTheirFields) {
  EXPECT_EQ(Json::parse(post_form("/v1/files", {}, "x")->body())["error"]["param"], "purpose");
  EXPECT_EQ(Json::parse(post_form("/v1/files", {{"purpose", "batch"}}, "")->body())["error"]["param"], "file");
  EXPECT_EQ(ask("POST", "/v1/files", "{}")->status(), 400);
}

TEST_F(FilesTest, FilesInPages) {
  const std::string first = upload("1"), second = upload("2");
  const Json page = get_json("/v1/files?limit=1");
  EXPECT_EQ(page["data"][0]["id"], second);
  EXPECT_EQ(page["has_more"], true);
  const Json next = get_json("/v1/files?limit=1&after=" + second);
  EXPECT_EQ(next["data"][0]["id"], first);
  EXPECT_EQ(next["has_more"], false);
  EXPECT_EQ(ask("GET", "/v1/files?limit=none")->status(), 400);
}

TEST_F(FilesTest, BatchRunsToItsEnd) {
  service.events = said_hello();
  const Json made = new_batch_of(upload(line("r0", "nano") + line("r1", "nano") + "\n" + line("r2", "other")));
  EXPECT_EQ(made["status"], "validating");
  const Json batch = ended(made["id"]);
  EXPECT_EQ(batch["status"], "completed");
  EXPECT_EQ(batch["request_counts"].dump(), R"({"total":3,"completed":2,"failed":1})");
  EXPECT_EQ(batch["metadata"]["k"], "v");
  const std::string output = ask("GET", "/v1/files/" + batch["output_file_id"].get<std::string>() + "/content")->body();
  const Json first = Json::parse(output.substr(0, output.find('\n')));
  EXPECT_EQ(first["custom_id"], "r0");
  EXPECT_EQ(first["response"]["status_code"], 200);
  EXPECT_EQ(first["response"]["body"]["choices"][0]["message"]["content"], "Hello");
  const Json failed =
      Json::parse(ask("GET", "/v1/files/" + batch["error_file_id"].get<std::string>() + "/content")->body());
  EXPECT_EQ(failed["custom_id"], "r2");
  EXPECT_EQ(failed["response"]["status_code"], 404);
  EXPECT_EQ(get_json("/v1/batches")["data"][0]["id"], batch["id"]);
  client = "bob";
  EXPECT_EQ(ask("GET", "/v1/batches/" + batch["id"].get<std::string>())->status(), 404);
}

TEST_F(FilesTest, DamagedBatchFails) {
  const Json batch = ended(new_batch_of(upload(line("a", "nano") + "{broken\n" + line("a", "nano")))["id"]);
  EXPECT_EQ(batch["status"], "failed");
  ASSERT_EQ(batch["errors"]["data"].size(), 2u);
  EXPECT_EQ(batch["errors"]["data"][0]["line"], 2);
  EXPECT_EQ(batch["errors"]["data"][1]["code"], "duplicate_custom_id");
  EXPECT_TRUE(service.asked.empty());
  EXPECT_EQ(ask_json("/v1/batches", R"({"endpoint":"/v1/files","input_file_id":"x"})", 400)["error"]["param"],
            "endpoint");
  EXPECT_EQ(ask("POST", "/v1/batches", R"({"endpoint":"/v1/embeddings","input_file_id":"x"})")->status(), 404);
}

// Answers nothing: its requests stay under way.
class SilentService : public TestService {
 public:
  std::shared_ptr<Job> generate(GenerationRequest, EventSink sink) override {
    sinks.push_back(std::move(sink));
    ++n_asked;
    struct Nothing : Job {
      void cancel() override {}
    };
    return std::make_shared<Nothing>();
  }
  std::vector<EventSink> sinks;
  std::atomic<int> n_asked = 0;
};

TEST_F(FilesTest, BatchGoesOnAfterARestartAndCanBeCancelled) {
  SilentService silent;
  store.put({"file", "file-1", "ann", 1, "{}", line("r0", "nano") + line("r1", "nano") + line("r2", "nano")});
  const std::string body = R"({"endpoint":"/v1/chat/completions","input_file_id":"file-1"})";
  std::string id;
  {
    const http::Routes first = openai_routes(silent, store);
    id = Json::parse(ask_routes(first, "POST", "/v1/batches", body, client)->body())["id"];
    for (int i = 0; i < 2000 && silent.n_asked < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(silent.n_asked, 2);  // not all at once
  }
  silent.sinks.clear();
  service.events = said_hello();
  const Json batch = ended(id);  // by the fixture's own server
  EXPECT_EQ(batch["status"], "completed");
  EXPECT_EQ(batch["request_counts"]["completed"], 3);

  silent.n_asked = 0;
  const http::Routes second = openai_routes(silent, store);
  const std::string other = Json::parse(ask_routes(second, "POST", "/v1/batches", body, client)->body())["id"];
  for (int i = 0; i < 2000 && silent.n_asked < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(Json::parse(ask_routes(second, "POST", "/v1/batches/" + other + "/cancel", {}, client)->body())["status"],
            "cancelling");
  EXPECT_EQ(ended(other)["status"], "cancelled");
}

// A server was killed when it had stored the reply to a line, before it counted it.
TEST_F(FilesTest, RepliesThatWereNotYetCountedAreCounted) {
  SilentService silent;
  store.put({"file", "file-1", "ann", 1, "{}", line("r0", "nano") + line("r1", "nano")});
  std::string id;
  {
    const http::Routes killed = openai_routes(silent, store);
    id = Json::parse(ask_routes(killed, "POST", "/v1/batches",
                                R"({"endpoint":"/v1/chat/completions","input_file_id":"file-1"})", client)
                         ->body())["id"];
    for (int i = 0; i < 2000 && silent.n_asked < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  silent.sinks.clear();
  const auto reply = [](const char* custom_id) {
    return Json{{"custom_id", custom_id}, {"response", {{"status_code", 200}, {"body", {}}}}}.dump();
  };
  store.put({"batch_line:" + id, "0", "ann", 1, reply("r0"), {}});
  store.put({"batch_line:" + id, "1", "ann", 1, reply("r1"), {}});
  const Json batch = ended(id);  // by the fixture's own server
  EXPECT_EQ(batch["status"], "completed");
  EXPECT_EQ(batch["request_counts"], (Json{{"total", 2}, {"completed", 2}, {"failed", 0}}));
}

// Computes embeddings until nobody wants them.
class EndlessService : public TestService {
 public:
  EmbeddingResult embed(const EmbeddingRequest& request) override {
    ++n_asked;
    for (int i = 0; i < 2000 && !request.is_cancelled(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (!request.is_cancelled()) ++n_unheard;
    throw CancelledError();
  }
  std::atomic<int> n_asked = 0, n_unheard = 0;
};

TEST_F(FilesTest, EmbeddingsOfABatchEndWithTheServer) {
  EndlessService endless;
  const auto embed_line = [](const std::string& id) {
    return R"({"custom_id":")" + id +
           R"(","method":"POST","url":"/v1/embeddings","body":{"model":"nano","input":"x"}})" + "\n";
  };
  store.put({"file", "file-2", client, 1, "{}", embed_line("r0") + embed_line("r1")});
  {
    const http::Routes routes = openai_routes(endless, store);
    ask_routes(routes, "POST", "/v1/batches", R"({"endpoint":"/v1/embeddings","input_file_id":"file-2"})", client);
    for (int i = 0; i < 2000 && endless.n_asked < 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(endless.n_asked, 1);
  EXPECT_EQ(endless.n_unheard, 0);
}

TEST_F(FilesTest, ALineThatIsAlwaysSentAwayEndsAsAnError) {
  std::atomic<int> n_asked = 0;
  const auto busy = [&n_asked](const std::shared_ptr<http::Exchange>& exchange) {
    ++n_asked;
    exchange->reply(503, "application/json", R"({"error":{"message":"the queue is full"}})", {});
  };
  store.put({"file", "file-1", client, 1, "{}", line("r0", "nano")});
  BatchRunner runner({{"POST", "/v1/chat/completions", busy}}, store, std::chrono::milliseconds(1));
  runner.add(client, {{"id", "batch_1"},
                      {"endpoint", "/v1/chat/completions"},
                      {"input_file_id", "file-1"},
                      {"status", "validating"},
                      {"created_at", 1}});
  const Json batch = ended("batch_1");
  EXPECT_EQ(batch["status"], "completed");
  EXPECT_EQ(batch["request_counts"]["failed"], 1);
  EXPECT_EQ(n_asked, 60);
  const Json failed =
      Json::parse(ask("GET", "/v1/files/" + batch["error_file_id"].get<std::string>() + "/content")->body());
  EXPECT_EQ(failed["response"]["status_code"], 503);
  EXPECT_EQ(failed["response"]["body"]["error"]["message"], "the queue is full");
}

// A service whose model's file is damaged.
class DamagedService : public TestService {
 public:
  std::shared_ptr<Job> generate(GenerationRequest, EventSink) override {
    ++n_asked;
    throw ResourceError("nano.gguf: cannot open");
  }
  std::atomic<int> n_asked = 0;
};

TEST_F(FilesTest, ALineWhoseModelCannotBeReadEndsAtOnce) {
  DamagedService damaged;
  routes = openai_routes(damaged, store);
  store.put({"file", "file-1", client, 1, "{}", line("r0", "nano")});
  const Json batch =
      ended(ask_json("/v1/batches", R"({"endpoint":"/v1/chat/completions","input_file_id":"file-1"})")["id"]);
  EXPECT_EQ(batch["request_counts"]["failed"], 1);
  EXPECT_EQ(damaged.n_asked, 1);
  routes.clear();
}

TEST_F(FilesTest, TranscriptsInEveryFormat) {
  const auto heard = [&](const std::string& format) {
    return post_form("/v1/audio/transcriptions", {{"model", "nano"}, {"language", "en"}, {"response_format", format}},
                     "RIFF");
  };
  EXPECT_EQ(heard("json")->body(), R"({"text":"one two three"})");
  EXPECT_EQ(heard("text")->body(), "one two three\n");
  EXPECT_EQ(heard("srt")->body(),
            "1\n00:00:00,000 --> 00:00:01,250\none two\n\n2\n00:00:01,250 --> 00:00:02,500\nthree\n\n");
  EXPECT_EQ(heard("vtt")->body(),
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.250\none two\n\n00:00:01.250 --> 00:00:02.500\nthree\n\n");
  const Json verbose = Json::parse(heard("verbose_json")->body());
  EXPECT_EQ(verbose["duration"], 2.5);
  EXPECT_EQ(verbose["segments"][1]["start"], 1.25);
  EXPECT_EQ(service.transcribed[0].language, "en");
  EXPECT_EQ(service.transcribed[0].bytes, "RIFF");
  EXPECT_EQ(heard("xml")->status(), 400);
  EXPECT_EQ(post_form("/v1/audio/transcriptions", {}, "")->status(), 400);
  post_form("/v1/audio/translations", {}, "RIFF");
  EXPECT_EQ(service.transcribed.back().translate_to, "English");
}

TEST_F(FilesTest, TranscriptAsAStream) {
  const auto exchange = post_form("/v1/audio/transcriptions", {{"stream", "true"}}, "RIFF");
  const auto events = stream_data(exchange->body());
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0]["delta"], "one two");
  EXPECT_EQ(events[1]["delta"], " three");
  EXPECT_EQ(events[2]["text"], "one two three");
}

}  // namespace
}  // namespace facet::server
