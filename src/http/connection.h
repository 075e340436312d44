// One connection: requests come in, one after the other, and their replies go out in order. A coroutine waits for what
// a request needs next; reading and writing go on beside it, so that a client's end is noticed while a reply is under
// way.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/connection_exchange.h"
#include "http/hub.h"
#include "http/request_parser.h"
#include "http/stream.h"
#include "http/web_socket_session.h"

namespace facet::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(std::shared_ptr<Hub> hub, Socket socket);
  ~Connection();

  // Any thread.
  void send(Output output);       // part of the reply to the current request
  void abort();                   // what is not sent is lost; the exchange is told
  void upgrade(Upgrade upgrade);  // in place of a reply
  size_t waiting_bytes() const { return waiting_bytes_; }
  const std::shared_ptr<Hub>& hub() const { return hub_; }

  // On the thread of sockets.
  void start();
  void close_if_overdue(Clock::time_point now);
  void tell_if_quiet(Clock::time_point now);
  void end_when_idle();  // the server stops
  // Since when it has asked for nothing, a handshake or a part of a head counted as nothing; none: it has.
  std::optional<Clock::time_point> waits_since() const;
  void close();

 private:
  enum class Phase : uint8_t { Idle, Head, Body, Reply, Ending };

  // What the coroutine does (connection.cpp).
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> receive();  // false: there is no request, or it was refused
  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<void> refuse(std::exception_ptr error);
  boost::asio::awaitable<void> finish_reply();
  boost::asio::awaitable<void> speak_web_socket();
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<void> changed();  // returns after wake()
  void begin_request();
  bool has_request();
  void parse_input();
  void accept_head();
  void admit(Request& head);
  void count_body();
  void release_body();
  std::shared_ptr<ConnectionExchange> make_exchange(Request request);
  void hand_over(const std::shared_ptr<ConnectionExchange>& exchange);
  void reply_to_options(ConnectionExchange& exchange);
  void finish_record();
  void set_deadline(std::chrono::milliseconds from_now) { deadline_ = Clock::now() + from_now; }

  // What goes on beside it (connection_io.cpp); all of them wake it.
  void read_more();
  void on_read(const boost::system::error_code& error, size_t n);
  void write_more();
  void on_written(const boost::system::error_code& error, size_t n);
  void take_output(Output output);
  void put_output(std::string bytes);
  void wake();

  std::shared_ptr<Hub> hub_;
  Stream stream_;
  boost::asio::steady_timer changed_;
  const bool is_loopback_;
  const std::string peer_;
  bool is_closed_ = false, has_news_ = false;

  // Reading
  std::vector<char> incoming_;  // small until a body comes
  std::string input_;           // read and not parsed
  bool is_reading_ = false, has_end_ = false;

  // The current request
  std::optional<RequestParser> parser_;
  Phase phase_ = Phase::Idle;
  bool is_first_ = true, is_overdue_ = false;
  Clock::time_point deadline_, waiting_since_, started_, body_started_;
  const Route* route_ = nullptr;
  ReplyStyle style_;
  RequestRecord record_;
  size_t counted_body_bytes_ = 0;
  std::weak_ptr<ConnectionExchange> exchange_;
  bool may_upgrade_ = false;  // what follows may be no HTTP, and is not read before that is known
  std::optional<Upgrade> upgrade_;
  std::shared_ptr<WebSocketSession> web_socket_;

  // Writing
  std::deque<std::string> output_;
  size_t n_sent_of_first_ = 0;
  bool is_writing_ = false, has_reply_ = false, keeps_alive_ = true;
  Clock::time_point write_deadline_, last_output_;
  Clock::time_point drain_start_;  // since when something waits to be written without a break
  size_t n_drained_ = 0;           // bytes of that
  std::atomic<size_t> waiting_bytes_{0};
};

}  // namespace facet::http
