#include <utility>  // first: Boost 1.74's awaitable.hpp forgets it

#include "http/web_socket_session.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

namespace facet::http {
namespace {

namespace ws = boost::beast::websocket;
using boost::asio::redirect_error;
using boost::asio::use_awaitable;

constexpr std::chrono::seconds kCloseSeconds{2};  // that a client has to answer the end of a session
constexpr size_t kPiece = 64 << 10;               // of a message that is read at a time

// The request as Beast wants to see it again.
boost::beast::http::request<boost::beast::http::empty_body> beast_request(const Request& request) {
  boost::beast::http::request<boost::beast::http::empty_body> head(boost::beast::http::verb::get, "/", 11);
  for (const char* name : {"host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version"}) {
    const std::string_view value = request.header(name);
    head.set(name, boost::beast::string_view(value.data(), value.size()));
  }
  return head;
}

}  // namespace

WebSocketSession::WebSocketSession(std::shared_ptr<Hub> hub, Stream& stream, std::string early,
                                   std::shared_ptr<void> keeps)
    : hub_(std::move(hub)),
      keeps_(std::move(keeps)),
      stream_(stream, std::move(early)),
      turn_timer_(hub_->io),
      last_heard_(Clock::now()) {
  ++hub_->n_web_sockets;
  stream_.read_message_max(hub_->options.limits.message_bytes);
  stream_.auto_fragment(false);
  stream_.control_callback([this](ws::frame_type, boost::beast::string_view) { last_heard_ = Clock::now(); });
}

WebSocketSession::~WebSocketSession() { --hub_->n_web_sockets; }

boost::asio::awaitable<bool> WebSocketSession::run(Upgrade upgrade) {
  handler_ = std::move(upgrade.handler);
  bool goes_on = co_await accept(upgrade);
  goes_on = goes_on && !has_ended_;
  if (goes_on) {
    const auto turn = begin_turn();
    call_handler([self = shared_from_this(), turn](WebSocketHandler& handler) { handler.on_open(self); });
  }
  while (goes_on) {
    co_await turn_ended();
    goes_on = co_await read_message();
    if (!goes_on || has_ended_) break;
    WebSocketMessage message{std::exchange(message_, {}), stream_.got_text(), begin_turn()};
    call_handler(
        [message = std::move(message)](WebSocketHandler& handler) mutable { handler.on_message(std::move(message)); });
  }
  end();
  co_return stream_.reason().code != ws::close_code::none;
}

boost::asio::awaitable<bool> WebSocketSession::accept(const Upgrade& upgrade) {
  stream_.set_option(ws::stream_base::decorator([&upgrade](ws::response_type& reply) {
    for (const auto& [name, value] : upgrade.headers) reply.set(name, value);
    if (!upgrade.protocol.empty()) reply.set("Sec-WebSocket-Protocol", upgrade.protocol);
  }));
  const auto request = beast_request(upgrade.request);
  ErrorCode error;
  is_writing_ = true;
  write_deadline_ = Clock::now() + hub_->options.limits.write;
  co_await stream_.async_accept(request, redirect_error(use_awaitable, error));
  is_writing_ = false;
  is_open_ = !error && !has_ended_;
  write_more();
  co_return is_open_;
}

boost::asio::awaitable<bool> WebSocketSession::read_message() {
  auto buffer = boost::asio::dynamic_buffer(message_);
  ErrorCode error;
  is_reading_ = true;
  do {
    received_bytes_ += co_await stream_.async_read_some(buffer, kPiece, redirect_error(use_awaitable, error));
    last_heard_ = Clock::now();
  } while (!error && !stream_.is_message_done());
  is_reading_ = false;
  co_return !error;
}

boost::asio::awaitable<void> WebSocketSession::turn_ended() {
  while (!is_turn_over_ && !has_ended_) {
    ErrorCode error;
    turn_timer_.expires_at(Clock::time_point::max());
    co_await turn_timer_.async_wait(redirect_error(use_awaitable, error));
  }
  last_heard_ = Clock::now();  // silence while nobody listened is not the client's
}

// On a worker. What it throws ends this session alone.
template <class Call>
void WebSocketSession::call_handler(Call call) {
  boost::asio::post(*hub_->workers, [self = shared_from_this(), handler = handler_, call = std::move(call)]() mutable {
    try {
      call(*handler);
    } catch (...) {
      self->close(CloseCode::Internal, "internal error");
    }
  });
}

std::shared_ptr<void> WebSocketSession::begin_turn() {
  is_turn_over_ = false;
  return {this, [self = shared_from_this()](void*) {
            self->hub_->post([self] {
              self->is_turn_over_ = true;
              self->turn_timer_.cancel();
            });
          }};
}

void WebSocketSession::send(std::string text) {
  if (is_closed_) return;
  waiting_bytes_ += text.size();
  hub_->post([self = shared_from_this(), text = std::move(text)]() mutable {
    if (self->close_reason_ || self->has_ended_) return;
    self->output_.push_back(std::move(text));
    self->write_more();
  });
}

void WebSocketSession::close(CloseCode code, std::string_view reason) {
  constexpr size_t kMaxReason = 123;
  hub_->post([self = shared_from_this(), code, reason = std::string(reason.substr(0, kMaxReason))] {
    if (self->close_reason_) return;
    self->close_reason_.emplace(static_cast<ws::close_code>(code), reason);
    self->write_more();
  });
}

void WebSocketSession::write_more() {
  if (is_writing_ || !is_open_ || has_ended_) return;
  if (output_.empty()) return begin_close();
  is_writing_ = true;
  write_deadline_ = Clock::now() + hub_->options.limits.write;
  stream_.text(true);
  stream_.async_write(boost::asio::buffer(output_.front()),
                      [self = shared_from_this()](const ErrorCode& error, size_t n) { self->on_written(error, n); });
}

void WebSocketSession::on_written(const ErrorCode& error, size_t n) {
  is_writing_ = false;
  if (error) return abandon();
  sent_bytes_ += n;
  waiting_bytes_ -= output_.front().size();
  output_.pop_front();
  write_more();
}

// The read that is under way, or the close itself where there is none, sees the client's answer.
void WebSocketSession::begin_close() {
  if (!close_reason_ || is_closing_) return;
  is_closing_ = true;
  close_deadline_ = Clock::now() + kCloseSeconds;
  stream_.async_close(*close_reason_, [self = shared_from_this()](const ErrorCode&) { self->end(); });
}

void WebSocketSession::look_at_clock(Clock::time_point now) {
  const Limits& limits = hub_->options.limits;
  const auto silence = now - last_heard_;
  const bool is_too_late = (is_writing_ && now > write_deadline_) || (is_closing_ && now > close_deadline_) ||
                           (is_reading_ && silence > limits.silence) || waiting_bytes_ > limits.waiting_bytes;
  if (is_too_late) return abandon();
  if (!is_reading_ || is_pinging_ || is_closing_ || now < std::max(last_heard_, last_ping_) + limits.silence / 3)
    return;
  is_pinging_ = true;
  last_ping_ = now;
  stream_.async_ping({}, [self = shared_from_this()](const ErrorCode&) { self->is_pinging_ = false; });
}

void WebSocketSession::abandon() {
  stream_.next_layer().close();
  end();
}

// The handler goes on a worker, behind what it may still be doing.
void WebSocketSession::end() {
  is_closed_ = true;
  if (std::exchange(has_ended_, true)) return;
  turn_timer_.cancel();
  if (handler_) boost::asio::post(*hub_->workers, [handler = std::move(handler_)]() mutable { handler.reset(); });
}

}  // namespace facet::http
