// Sockets that listen: on TCP addresses, on paths, and those that systemd opened.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "http/server.h"

namespace facet::http {

// TCP and Unix alike.
using Socket = boost::asio::generic::stream_protocol::socket;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

struct Listener {
  Acceptor acceptor;
  std::string url;        // as Server::urls()
  std::string path;       // of a Unix socket that is removed at the end; else empty
  bool is_local = false;  // cannot be reached from other machines
};

// All that the options name. ResourceError naming the address, RequestError for none at all.
std::vector<Listener> listen(boost::asio::io_context& io, const ServerOptions& options);

int n_inherited_sockets();

// The two ends of a connection.
bool is_loopback(const Socket& socket);          // by our end; false for Unix sockets
std::string peer_address(const Socket& socket);  // "192.0.2.7", "local" for Unix sockets

}  // namespace facet::http
