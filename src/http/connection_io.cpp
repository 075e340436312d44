// The pumps of a connection: bytes in, bytes out, and their ends.
#include <utility>  // first: Boost 1.74's awaitable.hpp forgets it

#include <algorithm>

#include "http/connection.h"

namespace facet::http {

using boost::system::error_code;
namespace {
constexpr size_t kPiecesAtOnce = 16;
constexpr size_t kLargestRead = 64 << 10;
}  // namespace

void Connection::read_more() {
  if (is_reading_ || has_end_ || is_closed_) return;
  is_reading_ = true;
  stream_.read_some(boost::asio::buffer(incoming_),
                    [self = shared_from_this()](const error_code& error, size_t n) { self->on_read(error, n); });
}

void Connection::on_read(const error_code& error, size_t n) {
  is_reading_ = false;
  has_end_ = has_end_ || error;
  input_.append(incoming_.data(), n);
  if (n == incoming_.size() && phase_ == Phase::Body) incoming_.resize(std::min(8 * n, kLargestRead));
  wake();
}

void Connection::write_more() {
  if (is_writing_ || output_.empty() || is_closed_) return;
  std::vector<boost::asio::const_buffer> pieces;
  for (const std::string& bytes : output_) {
    pieces.push_back(boost::asio::buffer(bytes));
    if (pieces.size() == kPiecesAtOnce) break;
  }
  pieces.front() += n_sent_of_first_;
  is_writing_ = true;
  // A client that takes a byte now and then is as slow as one that takes none.
  const Limits& limits = hub_->options.limits;
  const std::chrono::milliseconds earned(n_drained_ * 1000 / limits.drain_bytes);
  write_deadline_ = std::min(Clock::now(), drain_start_ + earned) + limits.write;
  stream_.write_some(pieces,
                     [self = shared_from_this()](const error_code& error, size_t n) { self->on_written(error, n); });
}

void Connection::on_written(const error_code& error, size_t n) {
  is_writing_ = false;
  if (error) return close();
  waiting_bytes_ -= n;
  n_drained_ += n;
  n_sent_of_first_ += n;
  while (!output_.empty() && n_sent_of_first_ >= output_.front().size()) {
    n_sent_of_first_ -= output_.front().size();
    output_.pop_front();
  }
  write_more();
  wake();
}

void Connection::send(Output output) {
  waiting_bytes_ += output.bytes.size();
  hub_->post(
      [self = shared_from_this(), output = std::move(output)]() mutable { self->take_output(std::move(output)); });
}

void Connection::take_output(Output output) {
  if (is_closed_) return;
  if (output.status != 0) record_.status = output.status;
  record_.sent_bytes += output.body_bytes;
  if (!output.bytes.empty()) put_output(std::move(output.bytes));
  last_output_ = Clock::now();
  if (output.is_last) has_reply_ = true;
  if (output.closes) keeps_alive_ = false;
  write_more();
  wake();
}

void Connection::put_output(std::string bytes) {
  if (output_.empty()) {
    drain_start_ = Clock::now();
    n_drained_ = 0;
  }
  output_.push_back(std::move(bytes));
}

void Connection::upgrade(Upgrade upgrade) {
  hub_->post([self = shared_from_this(), upgrade = std::move(upgrade)]() mutable {
    self->upgrade_.emplace(std::move(upgrade));
    self->wake();
  });
}

void Connection::abort() {
  hub_->post([self = shared_from_this()] { self->close(); });
}

void Connection::close() {
  if (is_closed_) return;
  is_closed_ = true;
  keeps_alive_ = false;
  stream_.close();
  const auto exchange = exchange_.lock();
  if (exchange && !has_reply_) exchange->notify_closed();
  if (web_socket_) web_socket_->end();
  wake();
}

void Connection::close_if_overdue(Clock::time_point now) {
  if (web_socket_) return web_socket_->look_at_clock(now);
  if (is_writing_ && now > write_deadline_) return close();
  if (phase_ == Phase::Reply || now <= deadline_) return;
  if (phase_ != Phase::Body) return close();
  is_overdue_ = true;
  wake();
}

void Connection::tell_if_quiet(Clock::time_point now) {
  const bool is_under_way = phase_ == Phase::Reply && record_.status != 0 && !has_reply_ && !is_closed_;
  if (!is_under_way || !output_.empty() || now < last_output_ + hub_->options.limits.quiet) return;
  last_output_ = now;
  if (const auto exchange = exchange_.lock()) exchange->notify_quiet();
}

std::optional<Connection::Clock::time_point> Connection::waits_since() const {
  const bool waits = !is_closed_ && (phase_ == Phase::Idle || phase_ == Phase::Head);
  return waits ? std::optional(waiting_since_) : std::nullopt;
}

void Connection::end_when_idle() {
  if (phase_ == Phase::Idle) close();
  if (web_socket_) web_socket_->close(CloseCode::GoingAway, "the server stops");
}

}  // namespace facet::http
