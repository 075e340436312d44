// The HTTP server: listens, reads requests, finds their routes and has them handled. HTTP/1.1 and 1.0, plain or TLS, on
// TCP and Unix sockets, or on sockets that systemd hands over. One thread does all that concerns sockets; handlers run
// on a few workers. It knows no protocol above HTTP: what is said when something is refused, is the caller's.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/access.h"
#include "http/exchange.h"
#include "http/limits.h"

namespace facet::http {

// One request, when its reply has ended: for logs and metrics.
struct RequestRecord {
  std::string id, method, path;  // without the query, which may hold a key
  std::string route;             // Route::path; empty: none was found
  std::string client;
  int status = 0;                             // 0: the client went away before there was one
  bool is_complete = false;                   // the whole reply was sent
  size_t received_bytes = 0, sent_bytes = 0;  // of bodies
  double seconds = 0;
};

struct TcpAddress {
  std::string host;  // a name or an address; "0.0.0.0" and "::" are all of this machine
  int port = 0;      // 0: any that is free
};

struct TlsFiles {
  std::string certificate, key;  // PEM; the certificate with those that sign it behind it
};

struct ServerOptions {
  std::vector<TcpAddress> addresses;
  std::vector<std::string> unix_sockets;  // paths; mode 0660, and what an ended server left there is replaced
  bool takes_inherited = false;           // sockets by systemd's protocol (LISTEN_FDS), if there are any
  std::unique_ptr<TlsFiles> tls;          // null: plain
  bool allows_anyone = false;             // an address that is not loopback is listened on without keys
  AccessOptions access;
  Limits limits;
  int n_workers = 8;
  std::chrono::milliseconds grace{30'000};  // that running replies have to finish when the server stops
  bool stops_on_signals = false;            // SIGINT, SIGTERM: the first as stop(), the second at once

  // Replies to what was refused (StatusError) or thrown by a handler. On any thread; must not wait.
  std::function<void(const std::shared_ptr<Exchange>&, std::exception_ptr)> on_error;
  std::function<void()> on_stop;  // once, on the thread of sockets: ends replies that go on for ever; may be empty
  std::function<void(const RequestRecord&)> on_done;  // on the thread of sockets; may be empty
};

class Server {
 public:
  // Listens, and answers once run() is called. ResourceError when an address is in use or a file cannot be read,
  // RequestError for options that make no sense or no safe server.
  Server(ServerOptions options, Routes routes);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "http://127.0.0.1:11434", "unix:/run/facet.sock"; with the port that was found for 0.
  const std::vector<std::string>& urls() const;
  // Whether this process was given sockets (ServerOptions::takes_inherited).
  static bool inherits_sockets();

  void run();   // until stop() has had its effect; then the handlers are gone
  void stop();  // no new connections, running replies finish within the grace; a second call ends them. Any thread
  bool is_stopping() const;
  size_t n_connections() const;
  size_t n_web_sockets() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facet::http
