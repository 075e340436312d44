// An answer on its way to a client: what is sent while nothing comes.
#include <gtest/gtest.h>

#include "server/test_service.h"

namespace facet::server {
namespace {

class BeatingWriter : public ReplyWriter {
 public:
  explicit BeatingWriter(bool is_stream) : is_stream_(is_stream) {}
  bool is_stream() const override { return is_stream_; }
  std::string_view content_type() const override { return "text/plain"; }
  std::string heartbeat() const override { return "beat "; }
  std::string write(const Event& event) override {
    return std::holds_alternative<event::Text>(event) ? std::get<event::Text>(event).text : std::string();
  }

 private:
  const bool is_stream_;
};

// Its events come when a test says so.
struct WaitingJob : Job {
  void cancel() override {}
};

EventSink start_answer(const std::shared_ptr<TestExchange>& exchange, bool is_stream) {
  EventSink events;
  answer(
      exchange,
      [&events](EventSink sink) {
        events = std::move(sink);
        return std::make_shared<WaitingJob>();
      },
      std::make_unique<BeatingWriter>(is_stream));
  return events;
}

TEST(Answer, StreamsBeatWhileNothingComes) {
  const auto exchange = std::make_shared<TestExchange>(http::Request{});
  EventSink sink = start_answer(exchange, true);
  EXPECT_EQ(exchange->body(), "beat ");  // at once: a proxy sees that it is a stream
  exchange->be_quiet();
  sink(event::Text{0, "word ", {}});
  exchange->be_quiet();
  EXPECT_EQ(exchange->body(), "beat beat word beat ");
  sink(event::Done{});
  EXPECT_TRUE(exchange->has_ended());
  sink = nullptr;
  exchange->be_quiet();
  EXPECT_EQ(exchange->body(), "beat beat word beat ");
}

TEST(Answer, WholeRepliesDoNot) {
  const auto exchange = std::make_shared<TestExchange>(http::Request{});
  const EventSink sink = start_answer(exchange, false);
  exchange->be_quiet();
  sink(event::Text{0, "word", {}});
  sink(event::Done{});
  EXPECT_EQ(exchange->body(), "word");
}

// Its client goes while the prompt is prepared.
class LeftService : public TestService {
 public:
  std::shared_ptr<TestExchange> exchange = std::make_shared<TestExchange>(http::Request{});
  bool has_heard = false;
  std::shared_ptr<Job> generate(GenerationRequest request, EventSink) override {
    EXPECT_FALSE(*request.cancel);
    exchange->close();
    has_heard = *request.cancel;
    throw CancelledError();
  }
};

TEST(Answer, PreparationHearsThatTheClientHasGone) {
  LeftService service;
  EXPECT_THROW(answer(service.exchange, service, {}, std::make_unique<BeatingWriter>(false)), CancelledError);
  EXPECT_TRUE(service.has_heard);
}

}  // namespace
}  // namespace facet::server
