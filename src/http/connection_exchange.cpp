#include "http/connection_exchange.h"

#include <utility>

#include "http/connection.h"
#include "http/status_error.h"
#include "http/web_socket_handshake.h"

namespace facet::http {

// In the shape of every other error, by an exchange that takes the dropped one's place.
void reply_to_dropped(std::shared_ptr<Connection> connection, Request request, ReplyStyle style) {
  const auto exchange =
      std::make_shared<ConnectionExchange>(std::move(connection), std::move(request), std::move(style));
  exchange->is_second_ = true;
  exchange->fail(std::make_exception_ptr(StatusError(500, "the request was dropped without a reply")));
}

ConnectionExchange::ConnectionExchange(std::shared_ptr<Connection> connection, Request request, ReplyStyle style)
    : connection_(std::move(connection)), request_(std::move(request)), style_(std::move(style)) {}

ConnectionExchange::~ConnectionExchange() {
  if (state_ == State::Ended || is_closed_) return;
  if (state_ == State::Begun || is_second_) {
    connection_->abort();
    return;
  }
  try {
    const auto hub = connection_->hub();
    hub->post(
        [connection = std::move(connection_), request = std::move(request_), style = std::move(style_)]() mutable {
          reply_to_dropped(std::move(connection), std::move(request), std::move(style));
        });
  } catch (const std::bad_alloc&) {
    if (connection_) connection_->abort();
  }
}

// False: there is a reply already, which goes on as it is.
bool ConnectionExchange::leave_fresh(State next) noexcept {
  State fresh = State::Fresh;
  return state_.compare_exchange_strong(fresh, next);
}

void ConnectionExchange::send(Output output) {
  if (is_closed_) return;
  if (connection_->waiting_bytes() > connection_->hub()->options.limits.waiting_bytes) {
    notify_closed();
    connection_->abort();
    return;
  }
  connection_->send(std::move(output));
}

void ConnectionExchange::reply(int status, std::string_view content_type, std::string body, Headers headers) {
  if (!leave_fresh(State::Ended)) return;
  Output output;
  output.bytes = reply_head(style_, status, content_type, headers, body.size());
  const bool has_body = !style_.is_head && status != 204 && status != 304;
  if (has_body) output.body_bytes = body.size();
  if (has_body) output.bytes += body;
  output.status = status;
  output.is_last = true;
  output.closes = !style_.keeps_alive;
  send(std::move(output));
  forget_callbacks();
}

void ConnectionExchange::begin(int status, std::string_view content_type, Headers headers) {
  if (!leave_fresh(State::Begun)) return;
  if (style_.is_http10) style_.keeps_alive = false;
  Output output;
  output.bytes = reply_head(style_, status, content_type, headers, {});
  output.status = status;
  send(std::move(output));
}

void ConnectionExchange::write(std::string bytes) {
  if (state_ != State::Begun || bytes.empty() || style_.is_head) return;
  Output output;
  output.body_bytes = bytes.size();
  output.bytes = style_.is_http10 ? std::move(bytes) : chunk(bytes);
  send(std::move(output));
}

void ConnectionExchange::end() {
  if (state_ != State::Begun) return;
  state_ = State::Ended;
  Output output;
  if (!style_.is_http10 && !style_.is_head) output.bytes = kLastChunk;
  output.is_last = true;
  output.closes = !style_.keeps_alive;
  send(std::move(output));
  forget_callbacks();
}

void ConnectionExchange::on_close(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_closed_) {
      if (state_ != State::Ended) on_close_ = std::move(callback);
      return;
    }
  }
  callback();
}

void ConnectionExchange::notify_closed() {
  std::function<void()> callback, quiet;
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_.exchange(true)) return;
    callback = std::exchange(on_close_, nullptr);
    quiet.swap(on_quiet_);
  }
  if (callback) callback();
}

void ConnectionExchange::on_quiet(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  if (!is_closed_ && state_ != State::Ended) on_quiet_ = std::move(callback);
}

void ConnectionExchange::accept_web_socket(std::unique_ptr<WebSocketHandler> handler, std::string protocol) {
  check_web_socket(request_);
  if (!leave_fresh(State::Ended)) return;
  Headers headers = style_.cors;
  headers.emplace_back("X-Request-Id", style_.request_id);
  connection_->upgrade({request_, std::move(handler), std::move(protocol), std::move(headers)});
  forget_callbacks();
}

// What it throws (no memory) is no reason to end the connection.
void ConnectionExchange::notify_quiet() noexcept try {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    callback = on_quiet_;
  }
  if (callback) callback();
} catch (...) {
}

// They often hold the exchange itself.
void ConnectionExchange::forget_callbacks() {
  std::function<void()> close, quiet;
  const std::lock_guard lock(mutex_);
  close.swap(on_close_);
  quiet.swap(on_quiet_);
}

void ConnectionExchange::fail(std::exception_ptr error) {
  if (state_ != State::Fresh) {
    if (state_ == State::Begun) connection_->abort();
    return;
  }
  try {
    connection_->hub()->options.on_error(shared_from_this(), std::move(error));
  } catch (...) {
    reply_plainly();
  }
}

// When nobody has better words.
void ConnectionExchange::reply_plainly() noexcept {
  try {
    reply(500, "text/plain", "internal error\n", {});
  } catch (...) {
    connection_->abort();
  }
}

}  // namespace facet::http
