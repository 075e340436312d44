// The WebSocket of a connection: frames by Beast, messages to a handler on the workers, and who is silent, slow or
// breaks the rules is closed. All but send() and close() belong to the thread of sockets.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "http/hub.h"
#include "http/web_socket.h"
#include "http/web_socket_layer.h"

namespace facet::http {

// What a handler said of a request that asks for a WebSocket.
struct Upgrade {
  Request request;
  std::unique_ptr<WebSocketHandler> handler;
  std::string protocol;  // that is spoken, of those offered; empty: none
  Headers headers;       // of the reply
};

class WebSocketSession final : public WebSocket, public std::enable_shared_from_this<WebSocketSession> {
 public:
  using Clock = std::chrono::steady_clock;

  // early: what was read behind the request. keeps: owns the stream, and is kept as long as this.
  WebSocketSession(std::shared_ptr<Hub> hub, Stream& stream, std::string early, std::shared_ptr<void> keeps);
  ~WebSocketSession() override;

  void send(std::string text) override;
  void close(CloseCode code, std::string_view reason) override;

  // Until the session has ended. True: by a closing handshake.
  boost::asio::awaitable<bool> run(Upgrade upgrade);
  void look_at_clock(Clock::time_point now);
  void end();  // the connection is gone

  size_t received_bytes() const { return received_bytes_; }
  size_t sent_bytes() const { return sent_bytes_; }

 private:
  using ErrorCode = boost::system::error_code;

  boost::asio::awaitable<bool> accept(const Upgrade& upgrade);
  boost::asio::awaitable<bool> read_message();
  boost::asio::awaitable<void> turn_ended();
  template <class Call>
  void call_handler(Call call);
  std::shared_ptr<void> begin_turn();
  void write_more();
  void on_written(const ErrorCode& error, size_t n);
  void begin_close();
  void abandon();

  std::shared_ptr<Hub> hub_;
  std::shared_ptr<void> keeps_;
  boost::beast::websocket::stream<WebSocketLayer> stream_;
  boost::asio::steady_timer turn_timer_;
  std::shared_ptr<WebSocketHandler> handler_;
  std::atomic<bool> is_closed_{false};
  std::atomic<size_t> waiting_bytes_{0};

  std::string message_;
  bool is_open_ = false, is_turn_over_ = true, is_reading_ = false, has_ended_ = false;
  std::deque<std::string> output_;
  bool is_writing_ = false, is_pinging_ = false, is_closing_ = false;
  std::optional<boost::beast::websocket::close_reason> close_reason_;
  Clock::time_point last_heard_, last_ping_, write_deadline_, close_deadline_;
  size_t received_bytes_ = 0, sent_bytes_ = 0;
};

}  // namespace facet::http
