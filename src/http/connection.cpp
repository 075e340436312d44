#include <utility>  // first: Boost 1.74's awaitable.hpp forgets it

#include "http/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/status_error.h"
#include "http/web_socket_handshake.h"

namespace facet::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr size_t kSmallRead = 2 << 10;
constexpr size_t kMaxUnparsed = 64 << 10;  // pipelined requests that are read ahead
constexpr std::chrono::seconds kLinger{2};
constexpr size_t kSlowestBody = 64 << 10;  // bytes a second

// A client's own id, when it is fit for logs; else a new one.
std::string request_id(std::string_view offered, std::mt19937_64& random) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  };
  if (!offered.empty() && offered.size() <= 128 && std::all_of(offered.begin(), offered.end(), is_plain))
    return std::string(offered);
  return fmt::format("req_{:016x}{:08x}", random(), static_cast<uint32_t>(random()));
}

void run_handler(const Route& route, const std::shared_ptr<ConnectionExchange>& exchange) {
  try {
    route.handler(exchange);
  } catch (...) {
    exchange->fail(std::current_exception());
  }
}

}  // namespace

Connection::Connection(std::shared_ptr<Hub> hub, Socket socket)
    : hub_(std::move(hub)),
      stream_(std::move(socket), hub_->tls.get()),
      changed_(hub_->io),
      is_loopback_(http::is_loopback(stream_.socket())),
      peer_(peer_address(stream_.socket())),
      incoming_(kSmallRead) {
  error_code error;  // Unix sockets have no such option
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
}

Connection::~Connection() { release_body(); }

void Connection::start() {
  hub_->connections.insert(this);
  ++hub_->n_connections;
  phase_ = Phase::Head;
  waiting_since_ = Clock::now();
  set_deadline(hub_->options.limits.head);
  const auto self = shared_from_this();
  // An exception is lack of memory: the connection ends, others go on.
  asio::co_spawn(hub_->io, run(), [self](const std::exception_ptr&) {
    self->close();
    self->web_socket_.reset();
    self->hub_->connections.erase(self.get());
    --self->hub_->n_connections;
  });
}

// GCC 12 miscompiles `if (co_await a()) co_await b();`: what is awaited gets a name first.
asio::awaitable<void> Connection::run() {
  const bool speaks_tls = co_await stream_.shake_hands();
  if (!speaks_tls) co_return;
  while (keeps_alive_ && !is_closed_ && !hub_->is_stopping) {
    const bool has_request = co_await receive();
    if (has_request) {
      co_await serve();
    }
  }
  co_await linger();
}

asio::awaitable<bool> Connection::receive() {
  begin_request();
  std::exception_ptr refusal;
  try {
    while (!has_request()) co_await changed();
  } catch (const StatusError&) {
    refusal = std::current_exception();
  }
  if (refusal) co_await refuse(refusal);
  co_return !refusal && parser_->is_done();
}

// True also when there will be none.
bool Connection::has_request() {
  parse_input();
  if (parser_->is_done()) return true;
  if (is_overdue_) throw StatusError(408, "the request's body came too slowly");
  if (has_end_ || is_closed_) {
    keeps_alive_ = false;
    return true;
  }
  read_more();
  return false;
}

void Connection::begin_request() {
  const Limits& limits = hub_->options.limits;
  parser_.emplace(limits.head_bytes, limits.body_bytes);
  phase_ = Phase::Idle;
  if (!is_first_) waiting_since_ = Clock::now();
  set_deadline(is_first_ ? limits.head : limits.idle);
  is_first_ = false;
  route_ = nullptr;
  may_upgrade_ = false;
  style_ = ReplyStyle{.keeps_alive = false, .request_id = request_id({}, hub_->random), .cors = {}};
  record_ = RequestRecord{};
  if (input_.empty()) input_ = std::string();
}

// What was parsed is taken away at once in front of a head, whose refusal another request may follow, and in the end: a
// body may come in chunks of a byte.
void Connection::parse_input() {
  size_t n_parsed = 0;
  while (n_parsed < input_.size() && !parser_->is_done()) {
    if (phase_ == Phase::Idle) {
      phase_ = Phase::Head;
      started_ = Clock::now();
      set_deadline(hub_->options.limits.head);
    }
    const size_t n_taken = parser_->put(std::string_view(input_).substr(n_parsed));
    n_parsed += n_taken;
    if (phase_ == Phase::Head && parser_->has_head()) {
      input_.erase(0, std::exchange(n_parsed, 0));
      accept_head();
    }
    count_body();
    if (n_taken == 0) break;
  }
  input_.erase(0, n_parsed);
}

void Connection::accept_head() {
  phase_ = Phase::Body;
  body_started_ = Clock::now();
  Request& head = parser_->head();
  head.id = request_id(head.header("x-request-id"), hub_->random);
  head.client = peer_;
  style_.request_id = head.id;
  style_.is_http10 = parser_->is_http10();
  style_.is_head = head.method == "HEAD";
  may_upgrade_ = !style_.is_http10 && wants_web_socket(head);
  if (may_upgrade_ && is_reading_) throw StatusError(400, "a WebSocket is asked for when all before was answered");
  admit(head);
  if (parser_->expects_continue() && !parser_->is_done() && input_.empty()) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    waiting_bytes_ += kContinue.size();
    put_output(std::string(kContinue));
    write_more();
  }
}

// Before the body is read. What has no body may be refused and followed by another request.
void Connection::admit(Request& head) {
  style_.keeps_alive = parser_->is_done() && parser_->keeps_alive();
  hub_->access.check_origin(head);
  style_.cors = cors_headers(head);
  hub_->access.check_host(head, is_loopback_);
  if (head.method == "OPTIONS") {
    if (hub_->router.methods_of(head.path).empty()) (void)hub_->router.find(head.method, head.path);  // says 404
  } else {
    route_ = &hub_->router.find(head.method, head.path);
    hub_->access.authorize(head, route_->scope);
  }
  style_.keeps_alive = parser_->keeps_alive();
}

void Connection::count_body() {
  const size_t n_bytes = parser_->body_bytes();
  hub_->body_bytes += n_bytes - counted_body_bytes_;
  counted_body_bytes_ = n_bytes;
  if (phase_ == Phase::Body) {
    const Limits& limits = hub_->options.limits;
    deadline_ = body_started_ + limits.body + std::chrono::seconds(n_bytes / kSlowestBody);
    if (hub_->body_bytes > limits.all_body_bytes) {
      style_.keeps_alive = false;
      throw StatusError(503, "the server holds as many requests as it has memory for", {{"Retry-After", "2"}});
    }
  }
}

void Connection::release_body() { hub_->body_bytes -= std::exchange(counted_body_bytes_, 0); }

asio::awaitable<void> Connection::serve() {
  const auto exchange = make_exchange(parser_->take());
  if (route_)
    hand_over(exchange);
  else
    reply_to_options(*exchange);
  return finish_reply();
}

asio::awaitable<void> Connection::refuse(std::exception_ptr error) {
  if (!parser_->is_done()) style_.keeps_alive = false;
  make_exchange(std::move(parser_->head()))->fail(std::move(error));
  return finish_reply();
}

void Connection::reply_to_options(ConnectionExchange& exchange) {
  const Request& request = exchange.request();
  const std::string methods = hub_->router.methods_of(request.path);
  exchange.reply(204, "", "",
                 is_preflight(request) ? preflight_headers(request, methods) : Headers{{"Allow", methods}});
}

std::shared_ptr<ConnectionExchange> Connection::make_exchange(Request request) {
  phase_ = Phase::Reply;
  if (!is_reading_ && incoming_.size() > kSmallRead) std::vector<char>(kSmallRead).swap(incoming_);
  has_reply_ = false;
  if (hub_->is_stopping) style_.keeps_alive = false;
  record_.id = style_.request_id;
  record_.method = request.method;
  record_.path = request.path;
  record_.client = request.client.empty() ? peer_ : request.client;
  record_.route = route_ ? route_->path : std::string();
  record_.received_bytes = counted_body_bytes_;
  request.id = style_.request_id;
  auto exchange = std::make_shared<ConnectionExchange>(shared_from_this(), std::move(request), style_);
  exchange_ = exchange;
  return exchange;
}

void Connection::hand_over(const std::shared_ptr<ConnectionExchange>& exchange) {
  if (route_->is_instant) return run_handler(*route_, exchange);
  boost::asio::post(*hub_->workers, [route = route_, exchange] { run_handler(*route, exchange); });
}

// Reads on, to see the client's end; what comes are its next requests.
asio::awaitable<void> Connection::finish_reply() {
  while (!is_closed_ && !upgrade_ && !(has_reply_ && output_.empty())) {
    if (has_end_ && !has_reply_) {
      close();
      break;
    }
    if (input_.size() < kMaxUnparsed && !may_upgrade_) read_more();
    co_await changed();
  }
  if (upgrade_) co_await speak_web_socket();
  finish_record();
}

asio::awaitable<void> Connection::speak_web_socket() {
  keeps_alive_ = false;
  record_.status = 101;
  web_socket_ = std::make_shared<WebSocketSession>(hub_, stream_, std::exchange(input_, {}), shared_from_this());
  if (hub_->is_stopping) end_when_idle();
  has_reply_ = co_await web_socket_->run(std::move(*upgrade_));
  record_.received_bytes += web_socket_->received_bytes();
  record_.sent_bytes = web_socket_->sent_bytes();
  web_socket_.reset();
}

void Connection::finish_record() {
  release_body();
  record_.is_complete = has_reply_ && output_.empty() && !is_closed_;
  record_.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  if (hub_->options.on_done) hub_->options.on_done(record_);
}

// Closing at once would throw away what the client has not read yet, when it has sent more than was read.
asio::awaitable<void> Connection::linger() {
  phase_ = Phase::Ending;
  set_deadline(kLinger);
  if (!is_closed_) co_await stream_.end_writing();
  while (!has_end_ && !is_closed_) {
    input_.clear();
    read_more();
    co_await changed();
  }
}

asio::awaitable<void> Connection::changed() {
  if (!std::exchange(has_news_, false)) {
    error_code error;
    changed_.expires_at(Clock::time_point::max());
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    has_news_ = false;
  }
}

void Connection::wake() {
  has_news_ = true;
  changed_.cancel();
}

}  // namespace facet::http
