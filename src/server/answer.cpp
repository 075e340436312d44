#include <atomic>
#include <mutex>

#include "server/api_error.h"
#include "server/service.h"

namespace facet::server {
namespace {

// One answer on its way to a client. Events come on the service's thread, the client's leaving on another.
class Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  Delivery(std::shared_ptr<http::Exchange> exchange, std::unique_ptr<ReplyWriter> writer, RunEnd at_end)
      : exchange_(std::move(exchange)), writer_(std::move(writer)), at_end_(std::move(at_end)) {}

  // What is wrong with the request is thrown, before a stream has begun.
  void start(const std::function<std::shared_ptr<Job>(EventSink)>& ask) {
    const bool is_stream = writer_->is_stream();
    auto job = ask([self = shared_from_this()](const Event& event) { self->take(event); });
    if (is_stream) begin();
    exchange_->on_quiet([self = weak_from_this()] {
      if (const auto delivery = self.lock()) delivery->beat();
    });
    exchange_->on_close([job = std::weak_ptr(job)] {
      if (const auto running = job.lock()) running->cancel();
    });
  }

 private:
  void begin() {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(has_begun_, true)) return;
    exchange_->begin(200, writer_->content_type(), {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}});
    if (std::string beat = writer_->heartbeat(); !beat.empty()) exchange_->write(std::move(beat));
  }

  // Bytes that are being written are a sign of life too.
  void beat() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock && has_begun_) exchange_->write(writer_->heartbeat());
  }

  void take(const Event& event) {
    if (!at_end_ || !is_last(event)) return take_now(event);
    at_end_([self = shared_from_this(), event] { self->take_now(event); });
  }

  // What a writer throws (a response that cannot be stored) ends the reply, and nothing else.
  void take_now(const Event& event) {
    if (is_over_) return;
    try {
      pass(event);
    } catch (...) {
      is_over_ = true;
      fail(std::current_exception());
    }
  }

  void fail(std::exception_ptr error) noexcept {
    try {
      if (!writer_->is_stream())
        return reply_error(*exchange_, dialect_of(exchange_->request()), to_api_error(std::move(error)));
      const std::scoped_lock lock(mutex_);
      exchange_->write(writer_->write(event::Failed{std::move(error)}));
      exchange_->end();
    } catch (...) {  // then the connection is closed as it is
    }
  }

  void pass(const Event& event) {
    const auto* failed = std::get_if<event::Failed>(&event);
    if (writer_->is_stream()) {
      begin();
      const std::scoped_lock lock(mutex_);
      if (std::string bytes = writer_->write(event); !bytes.empty()) exchange_->write(std::move(bytes));
      if (failed != nullptr || std::holds_alternative<event::Done>(event)) exchange_->end();
    } else if (failed != nullptr) {
      reply_error(*exchange_, dialect_of(exchange_->request()), to_api_error(failed->error));
    } else {
      body_ += writer_->write(event);
      if (std::holds_alternative<event::Done>(event)) exchange_->reply(200, writer_->content_type(), std::move(body_));
    }
  }

  std::shared_ptr<http::Exchange> exchange_;
  std::unique_ptr<ReplyWriter> writer_;
  const RunEnd at_end_;
  std::mutex mutex_;  // of has_begun_, and of what is written
  bool has_begun_ = false;
  std::string body_;
  bool is_over_ = false;  // of take_now() alone
};

}  // namespace

void cancel_with(http::Exchange& exchange, GenerationRequest& request) {
  const auto cancel = std::make_shared<std::atomic<bool>>(false);
  request.cancel = cancel;
  exchange.on_close([cancel] { *cancel = true; });
}

void answer(const std::shared_ptr<http::Exchange>& exchange, Service& service, GenerationRequest request,
            std::unique_ptr<ReplyWriter> writer) {
  if (request.client.empty()) request.client = exchange->request().client;
  cancel_with(*exchange, request);
  const auto start = [&](EventSink sink) { return service.generate(std::move(request), std::move(sink)); };
  answer(exchange, start, std::move(writer));
}

void answer(const std::shared_ptr<http::Exchange>& exchange,
            const std::function<std::shared_ptr<Job>(EventSink)>& start, std::unique_ptr<ReplyWriter> writer,
            const RunEnd& at_end) {
  std::make_shared<Delivery>(exchange, std::move(writer), at_end)->start(start);
}

}  // namespace facet::server
