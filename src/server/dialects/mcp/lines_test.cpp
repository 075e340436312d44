#include "server/dialects/mcp/lines.h"

#include <gtest/gtest.h>

#include <sstream>

#include "server/dialects/test_routes.h"

namespace facet::server {
namespace {

std::vector<Json> answers_to(Service& service, const std::string& input) {
  std::istringstream in(input);
  std::vector<Json> out;
  serve_mcp_lines(service, in, [&](std::string_view line) {
    EXPECT_TRUE(line.ends_with('\n'));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    out.push_back(Json::parse(line));
  });
  return out;
}

TEST(McpLines, EachLineIsAnsweredOnALine) {
  TestService service;
  service.events = short_answer(Finish::Stop);
  const auto answers = answers_to(
      service,
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\"}}\r\n"
      "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n\n"
      "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}\n"
      "what\n"
      "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"tools/"
      "call\",\"params\":{\"name\":\"ask\",\"arguments\":{\"prompt\":\"a\\nb\"}}}");
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(answers[0]["result"]["protocolVersion"], "2025-06-18");
  EXPECT_EQ(answers[1]["result"]["tools"][0]["name"], "ask");
  EXPECT_EQ(answers[2]["error"]["code"], -32700);
  EXPECT_EQ(answers[3]["id"], "x");
  EXPECT_EQ(answers[3]["result"]["content"][0]["text"], "Hi");
}

TEST(McpLines, FailuresAreResults) {
  TestService service;
  service.events = {event::Started{"nano", 1, 0},
                    event::Failed{std::make_exception_ptr(ResourceError("out of pages"))}};
  const auto answers = answers_to(service, R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"ask",)"
                                           R"("arguments":{"prompt":"a"}}})");
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]["result"]["isError"], true);
  EXPECT_EQ(answers[0]["result"]["content"][0]["text"], "out of pages");
}

// A service whose jobs end when they are cancelled.
class PatientService : public TestService {
 public:
  int n_cancelled = 0;

  std::shared_ptr<Job> generate(GenerationRequest, EventSink sink) override {
    struct Waiting : Job {
      EventSink sink;
      int* n_cancelled;
      void cancel() override {
        ++*n_cancelled;
        sink(event::Finished{0, Finish::Cancelled, "", {}});
        sink(event::Done{});
      }
    };
    auto job = std::make_shared<Waiting>();
    job->sink = std::move(sink);
    job->n_cancelled = &n_cancelled;
    return job;
  }
};

TEST(McpLines, CancelledCallsAreNotAnswered) {
  PatientService service;
  const auto answers =
      answers_to(service,
                 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/"
                 "call\",\"params\":{\"name\":\"ask\",\"arguments\":{\"prompt\":\"a\"}}}\n"
                 "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":3}}\n"
                 "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\"}\n");
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]["id"], 4);
  EXPECT_EQ(service.n_cancelled, 1);
}

}  // namespace
}  // namespace facet::server
