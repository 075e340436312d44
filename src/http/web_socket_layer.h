// What Beast's WebSocket stands on: the stream of a connection, and before it what was read behind the request.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/role.hpp>
#include <string>
#include <utility>

#include "http/stream.h"

namespace facet::http {

class WebSocketLayer {
 public:
  using executor_type = Socket::executor_type;
  using Signature = void(boost::system::error_code, size_t);

  WebSocketLayer(Stream& stream, std::string early) : stream_(stream), early_(std::move(early)) {}

  executor_type get_executor() { return stream_.socket().get_executor(); }
  void close() { stream_.close(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const auto start = [this](auto handler, const Buffers& to) {
      if (early_.empty()) return stream_.read_some(to, std::move(handler));
      const size_t n = boost::asio::buffer_copy(to, boost::asio::buffer(early_));
      early_.erase(0, n);
      boost::asio::post(get_executor(),
                        boost::beast::bind_front_handler(std::move(handler), boost::system::error_code(), n));
    };
    return boost::asio::async_initiate<Token, Signature>(start, token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    const auto start = [this](auto handler, const Buffers& from) { stream_.write_some(from, std::move(handler)); };
    return boost::asio::async_initiate<Token, Signature>(start, token, buffers);
  }

 private:
  Stream& stream_;
  std::string early_;
};

// How Beast ends what is below it: not at all, as the connection lingers by itself.
inline void beast_close_socket(WebSocketLayer& layer) { layer.close(); }
template <class Handler>
void async_teardown(boost::beast::role_type, WebSocketLayer& layer, Handler&& handler) {
  boost::asio::post(layer.get_executor(),
                    boost::beast::bind_front_handler(std::forward<Handler>(handler), boost::system::error_code()));
}

}  // namespace facet::http
