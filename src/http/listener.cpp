#include "http/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace facet::http {
namespace {

namespace asio = boost::asio;
using Endpoint = asio::generic::stream_protocol::endpoint;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kFirstInherited = 3;  // SD_LISTEN_FDS_START

tcp::endpoint to_tcp(const Endpoint& endpoint) {
  tcp::endpoint out;
  if (endpoint.size() <= out.capacity()) {
    std::memcpy(out.data(), endpoint.data(), endpoint.size());
    out.resize(endpoint.size());
  }
  return out;
}

bool is_unix(const Endpoint& endpoint) { return endpoint.protocol().family() == AF_UNIX; }

asio::ip::address address_of(const Endpoint& endpoint) {
  const asio::ip::address address = to_tcp(endpoint).address();
  return address.is_v6() && address.to_v6().is_v4_mapped()
             ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6())
             : address;
}

std::string tcp_url(const Endpoint& endpoint, const ServerOptions& options) {
  const auto address = to_tcp(endpoint).address();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return fmt::format("{}://{}:{}", options.tls ? "https" : "http", host, to_tcp(endpoint).port());
}

void refuse_address(const std::string& address, const error_code& error) {
  if (error == asio::error::address_in_use)
    throw_error<ResourceError>("{} is in use: another server listens there; stop it, or choose another --port",
                               address);
  throw_error<ResourceError>("cannot listen on {}: {}", address, error.message());
}

Listener listen_on_tcp(asio::io_context& io, const tcp::endpoint& endpoint, const ServerOptions& options) {
  Acceptor acceptor(io);
  error_code error;
  acceptor.open(asio::generic::stream_protocol(endpoint.protocol()), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) refuse_address(fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port()), error);
  const Endpoint bound = acceptor.local_endpoint();
  return {std::move(acceptor), tcp_url(bound, options), {}, endpoint.address().is_loopback()};
}

// A name may have several addresses, and this machine may lack one of their kinds.
void listen_on_name(asio::io_context& io, const TcpAddress& address, const ServerOptions& options,
                    std::vector<Listener>& listeners) {
  tcp::resolver resolver(io);
  error_code error;
  const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error) throw_error<ResourceError>("cannot listen on {}: {}", address.host, error.message());
  const size_t n_before = listeners.size();
  std::string reason;
  for (const auto& entry : found) {
    try {
      listeners.push_back(listen_on_tcp(io, entry.endpoint(), options));
    } catch (const ResourceError& e) {
      if (std::string_view(e.what()).find("in use") != std::string_view::npos) throw;
      reason = e.what();
    }
  }
  if (listeners.size() == n_before) throw ResourceError(reason);
}

// What an ended server left: a socket that nobody answers at.
void remove_stale_socket(asio::io_context& io, const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) throw_error<ResourceError>("{} is a file and no socket: choose another path", path);
  asio::local::stream_protocol::socket probe(io);
  error_code error;
  probe.connect(path, error);
  if (!error) throw_error<ResourceError>("{} is in use: another server listens there", path);
  unlink(path.c_str());
}

Listener listen_on_path(asio::io_context& io, const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    throw_error<RequestError>("{}: a socket's path has from 1 to {} bytes", path, sizeof(sockaddr_un::sun_path) - 1);
  remove_stale_socket(io, path);
  Acceptor acceptor(io);
  error_code error;
  acceptor.open(asio::generic::stream_protocol(asio::local::stream_protocol()), error);
  if (!error) acceptor.bind(asio::local::stream_protocol::endpoint(path), error);
  // Nobody can connect before listen().
  if (!error && chmod(path.c_str(), 0660) != 0) error.assign(errno, boost::system::system_category());
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) refuse_address(path, error);
  return {std::move(acceptor), "unix:" + path, path, true};
}

Listener adopt(asio::io_context& io, int fd, const ServerOptions& options) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int is_listening = 0;
  socklen_t flag_size = sizeof is_listening;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &flag_size) != 0 || !is_listening)
    throw_error<ResourceError>("descriptor {} of LISTEN_FDS is no listening stream socket", fd);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  Acceptor acceptor(io);
  acceptor.assign(asio::generic::stream_protocol(address.ss_family, 0), fd);
  const Endpoint bound = acceptor.local_endpoint();
  const bool is_path = is_unix(bound);
  const bool is_local = is_path || address_of(bound).is_loopback();
  return {
      std::move(acceptor), is_path ? fmt::format("unix:(inherited {})", fd) : tcp_url(bound, options), {}, is_local};
}

}  // namespace

int n_inherited_sockets() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* n = std::getenv("LISTEN_FDS");
  if (!pid || !n || std::strtol(pid, nullptr, 10) != getpid()) return 0;
  return static_cast<int>(std::strtol(n, nullptr, 10));
}

std::vector<Listener> listen(asio::io_context& io, const ServerOptions& options) {
  std::vector<Listener> listeners;
  const int n = options.takes_inherited ? n_inherited_sockets() : 0;
  for (int i = 0; i < n; ++i) listeners.push_back(adopt(io, kFirstInherited + i, options));
  for (const TcpAddress& address : options.addresses) listen_on_name(io, address, options, listeners);
  for (const std::string& path : options.unix_sockets) listeners.push_back(listen_on_path(io, path));
  if (listeners.empty()) throw RequestError("there is no address to listen on");
  return listeners;
}

bool is_loopback(const Socket& socket) {
  error_code error;
  const Endpoint endpoint = socket.local_endpoint(error);
  return !error && !is_unix(endpoint) && address_of(endpoint).is_loopback();
}

std::string peer_address(const Socket& socket) {
  error_code error;
  const Endpoint endpoint = socket.remote_endpoint(error);
  if (error || is_unix(endpoint)) return error ? "gone" : "local";
  return address_of(endpoint).to_string();
}

}  // namespace facet::http
