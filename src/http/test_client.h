// A client that says exactly what a test wants on the wire, and a server for it. For the tests of the listener.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/error.h"
#include "http/server.h"
#include "http/status_error.h"

namespace facet::http {

// One connection; closed with the object. Waits of more than ten seconds are failures.
class TestClient {
 public:
  explicit TestClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  explicit TestClient(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    connect_to(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  ~TestClient() { close(); }
  TestClient(TestClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
  TestClient& operator=(TestClient&&) = delete;

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }

  // False: the other side has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  // What comes up to and with `end`; less when the connection ends before.
  std::string read_until(std::string_view end) {
    size_t found = received_.find(end);
    while (found == std::string::npos && read_some()) found = received_.find(end);
    return take(found == std::string::npos ? received_.size() : found + end.size());
  }
  std::string read_bytes(size_t n) {
    while (received_.size() < n && read_some()) {
    }
    return take(std::min(n, received_.size()));
  }
  std::string read_to_end() {
    while (read_some()) {
    }
    return take(received_.size());
  }
  // The head of a reply and its body, by Content-Length or chunks.
  std::pair<std::string, std::string> read_reply() {
    std::string head = read_until("\r\n\r\n"), body;
    if (head.find("Transfer-Encoding: chunked") != std::string::npos) {
      for (size_t n = 1; n != 0;) {
        n = std::strtoul(read_until("\r\n").c_str(), nullptr, 16);
        body += read_bytes(n);
        read_until("\r\n");
      }
    } else if (const size_t length = head.find("Content-Length: "); length != std::string::npos) {
      body = read_bytes(std::strtoul(head.c_str() + length + 16, nullptr, 10));
    }
    return {head, body};
  }
  std::pair<std::string, std::string> ask(std::string_view request) {
    send(request);
    return read_reply();
  }

 private:
  void connect_to(const sockaddr* address, socklen_t size) {
    EXPECT_EQ(connect(fd_, address, size), 0) << std::strerror(errno);
  }
  bool read_some() {
    pollfd waiting{fd_, POLLIN, 0};
    if (poll(&waiting, 1, 10'000) != 1) {
      ADD_FAILURE() << "nothing came for ten seconds; so far: " << received_.substr(0, 300);
      return false;
    }
    char buffer[16384];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    received_.append(buffer, static_cast<size_t>(n));
    return true;
  }
  std::string take(size_t n) {
    std::string out = received_.substr(0, n);
    received_.erase(0, n);
    return out;
  }

  int fd_;
  std::string received_;
};

// A server on a free port of the loopback, on a thread of its own. Errors are replies "STATUS: MESSAGE".
class TestServer {
 public:
  explicit TestServer(Routes routes, ServerOptions options = {})
      : server_(complete(std::move(options)), std::move(routes)) {
    const std::string& url = server_.urls().front();
    port_ = std::atoi(url.substr(url.rfind(':') + 1).c_str());
    thread_ = std::thread([this] { server_.run(); });
  }
  ~TestServer() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    server_.stop();
    server_.stop();
    thread_.join();
  }
  void join() { thread_.join(); }  // after server().stop()
  Server& server() { return server_; }
  int port() const { return port_; }
  TestClient connect() const { return TestClient(port_); }

 private:
  static ServerOptions complete(ServerOptions options) {
    if (options.addresses.empty() && options.unix_sockets.empty()) options.addresses.push_back({"127.0.0.1", 0});
    options.n_workers = 2;
    options.on_error = [](const std::shared_ptr<Exchange>& exchange, std::exception_ptr error) {
      try {
        std::rethrow_exception(std::move(error));
      } catch (const StatusError& e) {
        exchange->reply(e.status(), "text/plain", std::to_string(e.status()) + ": " + e.what(), e.headers());
      } catch (const std::exception& e) {
        exchange->reply(500, "text/plain", std::string("500: ") + e.what());
      }
    };
    return options;
  }

  Server server_;
  int port_ = 0;
  std::thread thread_;
};

inline Route route(const std::string& method, const std::string& path, Handler handler, Scope scope = Scope::Use) {
  return {method, path, std::move(handler), scope};
}
inline Handler says(const std::string& text) {
  return [text](const std::shared_ptr<Exchange>& exchange) { exchange->reply(200, "text/plain", text); };
}
inline Handler echo() {
  return
      [](const std::shared_ptr<Exchange>& exchange) { exchange->reply(200, "text/plain", exchange->request().body); };
}
inline std::string get(const std::string& path, const std::string& headers = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}
inline std::string post(const std::string& path, const std::string& body, const std::string& headers = {}) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}
inline bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace facet::http
