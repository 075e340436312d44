// The exchange of a connection: what a handler says becomes bytes for the thread of sockets.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "http/exchange.h"
#include "http/reply_head.h"

namespace facet::http {

class Connection;

// A piece of a reply on its way to the socket.
struct Output {
  std::string bytes;
  size_t body_bytes = 0;  // of these, without what frames them
  int status = 0;         // with a head
  bool is_last = false;
  bool closes = false;  // the reply's end is the connection's
};

class ConnectionExchange final : public Exchange, public std::enable_shared_from_this<ConnectionExchange> {
 public:
  ConnectionExchange(std::shared_ptr<Connection> connection, Request request, ReplyStyle style);
  ~ConnectionExchange() override;

  const Request& request() const override { return request_; }
  void reply(int status, std::string_view content_type, std::string body, Headers headers) override;
  void begin(int status, std::string_view content_type, Headers headers) override;
  void write(std::string bytes) override;
  void end() override;
  bool is_closed() const override { return is_closed_; }
  void on_close(std::function<void()> callback) override;
  void on_quiet(std::function<void()> callback) override;
  void accept_web_socket(std::unique_ptr<WebSocketHandler> handler, std::string protocol) override;

  // What a handler threw, or what is refused: the reply by ServerOptions::on_error, or the connection's end where a
  // reply has begun.
  void fail(std::exception_ptr error);
  // The connection has ended before the reply.
  void notify_closed();
  void notify_quiet() noexcept;

 private:
  enum class State : uint8_t { Fresh, Begun, Ended };

  bool leave_fresh(State next) noexcept;
  void send(Output output);
  void reply_plainly() noexcept;
  void forget_callbacks();

  std::shared_ptr<Connection> connection_;
  Request request_;
  ReplyStyle style_;
  std::atomic<State> state_{State::Fresh};
  std::atomic<bool> is_closed_{false};
  std::mutex mutex_;
  std::function<void()> on_close_, on_quiet_;
  bool is_second_ = false;  // stands in for one that was dropped
  friend void reply_to_dropped(std::shared_ptr<Connection> connection, Request request, ReplyStyle style);
};

}  // namespace facet::http
