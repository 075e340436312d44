// What the connections of a server share. It lives as long as any exchange does, so that one which is kept after the
// server's end still has somewhere to write to.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <mutex>
#include <random>
#include <unordered_set>
#include <utility>

#include "http/access.h"
#include "http/router.h"
#include "http/server.h"
#include "http/tls.h"

namespace facet::http {

class Connection;

struct Hub {
  Hub(ServerOptions server_options, Routes routes)
      : options(std::move(server_options)), access(options.access), router(std::move(routes)) {
    if (options.tls) tls = make_tls_context(*options.tls);
  }

  // Runs on the thread of sockets, from any thread; after the server's end it does nothing.
  template <class F>
  void post(F f) {
    const std::lock_guard lock(mutex);
    if (!has_ended) boost::asio::post(io, std::move(f));
  }

  ServerOptions options;
  Access access;
  Router router;
  std::unique_ptr<TlsContext> tls;
  std::unique_ptr<boost::asio::thread_pool> workers;  // the server's

  boost::asio::io_context io{1};
  std::mutex mutex;
  bool has_ended = false;

  // On the thread of sockets.
  std::unordered_set<Connection*> connections;
  std::mt19937_64 random{std::random_device{}()};

  std::atomic<size_t> n_connections{0}, n_web_sockets{0};
  std::atomic<size_t> body_bytes{0};  // of all requests that are here
  std::atomic<bool> is_stopping{false};
};

}  // namespace facet::http
