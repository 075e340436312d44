#include <utility>  // first: Boost 1.74's awaitable.hpp forgets it

#include "http/server.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "base/error.h"
#include "http/connection.h"
#include "http/listener.h"

namespace facet::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

// How often deadlines are looked at: several times in the shortest of them.
milliseconds tick_of(const Limits& limits) {
  const milliseconds shortest =
      std::min({limits.head, limits.body, limits.idle, limits.write, limits.quiet, limits.silence});
  return std::clamp(shortest / 4, milliseconds(5), milliseconds(500));
}

void check_safety(const std::vector<Listener>& listeners, const Hub& hub) {
  if (hub.options.allows_anyone || hub.access.has_keys()) return;
  for (const Listener& listener : listeners)
    if (!listener.is_local)
      throw_error<RequestError>(
          "{} can be reached from other machines, by anyone: set an API key (--api-key, --keys), or say "
          "--insecure",
          listener.url);
}

}  // namespace

struct Server::State {
  State(ServerOptions options, Routes routes)
      : hub(std::make_shared<Hub>(std::move(options), std::move(routes))),
        listeners(listen(hub->io, hub->options)),
        ticks(hub->io),
        signals(hub->io) {}

  asio::awaitable<void> accept(Acceptor& acceptor);
  asio::awaitable<void> watch_deadlines();
  asio::awaitable<void> watch_signals();
  void begin_stop();
  void close_all();
  bool close_idlest();
  void end();
  template <class F>
  void each_connection(F f);

  std::shared_ptr<Hub> hub;
  std::vector<Listener> listeners;
  std::vector<std::string> urls;
  asio::steady_timer ticks;
  asio::signal_set signals;
  Connection::Clock::time_point end_of_grace;
  bool is_over = false;  // nothing is left to serve
};

asio::awaitable<void> Server::State::accept(Acceptor& acceptor) {
  while (!hub->is_stopping) {
    Socket socket(hub->io);
    error_code error;
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (hub->is_stopping) break;
    if (error) {  // no descriptors are left: those who wait may find some later
      asio::steady_timer pause(hub->io, milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    } else if (hub->connections.size() < hub->options.limits.connections || close_idlest()) {
      std::make_shared<Connection>(hub, std::move(socket))->start();
    }
  }
}

// A closed connection leaves the set, and may be gone, before the next one's turn.
template <class F>
void Server::State::each_connection(F f) {
  std::vector<std::shared_ptr<Connection>> all;
  for (Connection* connection : hub->connections) all.push_back(connection->shared_from_this());
  for (const auto& connection : all) f(*connection);
}

asio::awaitable<void> Server::State::watch_deadlines() {
  const milliseconds tick = tick_of(hub->options.limits);
  while (!hub->is_stopping || !hub->connections.empty()) {
    error_code error;
    ticks.expires_after(hub->is_stopping ? milliseconds(10) : tick);
    co_await ticks.async_wait(asio::redirect_error(asio::use_awaitable, error));
    const auto now = Connection::Clock::now();
    if (hub->is_stopping && now >= end_of_grace) close_all();
    each_connection([now](Connection& c) {
      c.close_if_overdue(now);
      c.tell_if_quiet(now);
    });
  }
  is_over = true;  // a signal that came meanwhile is taken, and no other waited for
  signals.cancel();
}

asio::awaitable<void> Server::State::watch_signals() {
  error_code error;
  while (!error && !is_over) {
    co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!error) begin_stop();
  }
}

void Server::State::begin_stop() {
  if (hub->is_stopping.exchange(true)) return close_all();
  end_of_grace = Connection::Clock::now() + hub->options.grace;
  for (Listener& listener : listeners) {
    error_code error;
    listener.acceptor.close(error);
    if (!listener.path.empty()) unlink(listener.path.c_str());
  }
  each_connection([](Connection& c) { c.end_when_idle(); });
  if (hub->options.on_stop) hub->options.on_stop();
  ticks.cancel();
}

// So that a flood of connections which ask for nothing keeps nobody out. False: all are at work.
bool Server::State::close_idlest() {
  Connection* idlest = nullptr;
  for (Connection* connection : hub->connections) {
    const auto since = connection->waits_since();
    if (since && (idlest == nullptr || *since < *idlest->waits_since())) idlest = connection;
  }
  if (idlest != nullptr) idlest->close();
  return idlest != nullptr;
}

void Server::State::close_all() {
  each_connection([](Connection& c) { c.close(); });
}

// Handlers that still run write to closed exchanges. What they post, and what others do later, goes nowhere.
void Server::State::end() {
  hub->workers->join();
  {
    const std::lock_guard lock(hub->mutex);
    hub->has_ended = true;
  }
  hub->io.restart();
  hub->io.poll();
  hub->router = Router({});  // what handlers hold ends here, not with the last exchange that somebody keeps
}

Server::Server(ServerOptions options, Routes routes)
    : state_(std::make_unique<State>(std::move(options), std::move(routes))) {
  State& state = *state_;
  check_safety(state.listeners, *state.hub);
  state.hub->workers =
      std::make_unique<asio::thread_pool>(static_cast<size_t>(std::max(1, state.hub->options.n_workers)));
  for (Listener& listener : state.listeners) {
    state.urls.push_back(listener.url);
    asio::co_spawn(state.hub->io, state.accept(listener.acceptor), asio::detached);
  }
  asio::co_spawn(state.hub->io, state.watch_deadlines(), asio::detached);
  if (!state.hub->options.stops_on_signals) return;
  state.signals.add(SIGINT);
  state.signals.add(SIGTERM);
  asio::co_spawn(state.hub->io, state.watch_signals(), asio::detached);
}

Server::~Server() {
  if (state_->hub->has_ended) return;
  state_->begin_stop();
  state_->close_all();
  run();
}

void Server::run() {
  for (bool is_done = false; !is_done;) {
    try {
      state_->hub->io.run();
      is_done = true;
    } catch (const std::exception&) {
      // What a callback of one exchange threw is no reason to end all others.
    }
  }
  state_->end();
}

void Server::stop() {
  state_->hub->post([state = state_.get()] { state->begin_stop(); });
}

const std::vector<std::string>& Server::urls() const { return state_->urls; }
bool Server::inherits_sockets() { return n_inherited_sockets() > 0; }
bool Server::is_stopping() const { return state_->hub->is_stopping; }
size_t Server::n_connections() const { return state_->hub->n_connections; }
size_t Server::n_web_sockets() const { return state_->hub->n_web_sockets; }

}  // namespace facet::http
