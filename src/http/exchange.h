// One HTTP request and its reply, as the dialects see them: no socket, no thread, no library. The listener makes
// exchanges of connections; tests have others.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace facet::http {

struct Key;  // keys.h
class WebSocketHandler;

struct Request {
  std::string method;                             // "GET", in capitals
  std::string path;                               // percent-decoded, without the query
  std::multimap<std::string, std::string> query;  // decoded
  std::map<std::string, std::string> headers;     // names in lower case; of repeated ones all values, joined by ", "
  std::string body;                               // whole, within the limits
  std::string id;                                 // of the request, in logs and in the reply's X-Request-Id
  std::string client;                             // whose turn it is: the name of the API key, else the peer's address
  std::shared_ptr<const Key> key;                 // with its limits; null where the server has no keys

  // Empty: absent.
  std::string_view header(const std::string& lower_case_name) const;
  std::string_view parameter(const std::string& name) const;
};

// Name and value, beside those that the listener adds (Date, X-Request-Id, CORS, Content-Length or chunks).
using Headers = std::vector<std::pair<std::string, std::string>>;

// Either reply() once, or begin(), write() any number of times, and end(). May be called on any thread, by one at a
// time; nothing blocks: what a slow reader has not taken waits, up to a limit, beyond which the exchange is closed.
// Dropped without a reply, it answers 500.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const Request& request() const = 0;

  virtual void reply(int status, std::string_view content_type, std::string body, Headers headers = {}) = 0;

  // The head is sent at once.
  virtual void begin(int status, std::string_view content_type, Headers headers = {}) = 0;
  virtual void write(std::string bytes) = 0;
  virtual void end() = 0;

  // The client has gone or reads too slowly: nothing that is written will be seen.
  virtual bool is_closed() const = 0;
  // Called once, on any thread, when that happens; at once if it has.
  virtual void on_close(std::function<void()> callback) = 0;

  // In place of a reply: the connection becomes a WebSocket (web_socket.h). protocol: of those that the client offers
  // the one that is spoken; empty: none. Throws StatusError where the request asks for no WebSocket, and then, as
  // before any reply, another one may be given.
  virtual void accept_web_socket(std::unique_ptr<WebSocketHandler> handler, std::string protocol);

  // Called on any thread whenever nothing of a stream under way was written for a while (Limits::quiet), until it ends
  // or is closed. It may write what keeps a connection alive, and must not wait. Where there is no connection, never.
  virtual void on_quiet(std::function<void()> /*callback*/) {}
};

using Handler = std::function<void(const std::shared_ptr<Exchange>&)>;

// What a key may be used for.
enum class Scope : uint8_t { Public, Use, Admin };  // Public: without a key

struct Route {
  std::string method;
  // "/v1/chat/completions"; a last segment "*" takes the rest of the path: "/v1beta/models/*".
  std::string path;
  Handler handler;  // runs on a worker; what it throws becomes the reply (ServerOptions::on_error)
  Scope scope = Scope::Use;
  bool is_instant = false;  // the handler never waits: it runs at once, also while all workers are busy
};
using Routes = std::vector<Route>;

}  // namespace facet::http
