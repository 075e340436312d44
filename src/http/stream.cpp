#include "http/stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace facet::http {

namespace asio = boost::asio;

asio::awaitable<bool> Stream::shake_hands() {
  boost::system::error_code error;
#ifdef FACET_TLS
  if (tls_) co_await tls_->async_handshake(TlsStream::server, asio::redirect_error(asio::use_awaitable, error));
#endif
  co_return !error;
}

asio::awaitable<void> Stream::end_writing() {
  boost::system::error_code error;
#ifdef FACET_TLS
  if (tls_) co_await tls_->async_shutdown(asio::redirect_error(asio::use_awaitable, error));
#endif
  socket_.shutdown(Socket::shutdown_send, error);
  co_return;
}

void Stream::close() {
  boost::system::error_code error;
  socket_.close(error);
}

}  // namespace facet::http
