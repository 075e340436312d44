// The bytes of a connection, plain or through TLS. One read and one write may be under way at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "http/listener.h"
#include "http/tls.h"

namespace facet::http {

class Stream {
 public:
  Stream(Socket socket, TlsContext* tls) : socket_(std::move(socket)) {
    if (tls) tls_.emplace(socket_, *tls);
  }

  Socket& socket() { return socket_; }
  bool is_open() const { return socket_.is_open(); }

  // handler(error_code, n)
  template <class Buffers, class Handler>
  void read_some(const Buffers& buffers, Handler handler) {
    if (tls_)
      tls_->async_read_some(buffers, std::move(handler));
    else
      socket_.async_read_some(buffers, std::move(handler));
  }
  template <class Buffers, class Handler>
  void write_some(const Buffers& buffers, Handler handler) {
    if (tls_)
      tls_->async_write_some(buffers, std::move(handler));
    else
      socket_.async_write_some(buffers, std::move(handler));
  }

  // False: the other side does not speak TLS as we do.
  boost::asio::awaitable<bool> shake_hands();
  // Says that nothing more is sent.
  boost::asio::awaitable<void> end_writing();
  void close();

 private:
  Socket socket_;
  std::optional<TlsStream> tls_;
};

}  // namespace facet::http
