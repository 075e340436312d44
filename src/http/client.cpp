#include "http/client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>

#include "base/error.h"

namespace facet::http {
namespace {

using ClientRequest = boost::beast::http::request<boost::beast::http::string_body>;
using boost::system::error_code;

constexpr auto kCancelIsSeen = std::chrono::milliseconds(100);
constexpr uint64_t kMostReplyBytes = 64 << 20;

}  // namespace

struct Client::State {
  std::string url, host, port;
  boost::asio::io_context io;
  boost::beast::tcp_stream stream{io};
  bool is_open = false;

  // Waits for one operation.
  template <class Begin>
  error_code wait(const std::atomic<bool>* cancel, Begin&& begin) {
    bool is_done = false, is_cancelled = false;
    error_code result;
    begin([&](error_code error, auto&&...) {
      result = error;
      is_done = true;
    });
    io.restart();
    while (!is_done) {
      if (!is_cancelled && cancel != nullptr && *cancel) {
        is_cancelled = true;
        stream.cancel();
      }
      io.run_for(kCancelIsSeen);
    }
    if (is_cancelled) throw CancelledError();
    return result;
  }

  error_code open(const std::atomic<bool>* cancel) {
    error_code error;
    const auto places = boost::asio::ip::tcp::resolver(io).resolve(host, port, error);
    if (!error) error = wait(cancel, [&](auto done) { stream.async_connect(places, done); });
    is_open = !error;
    return error;
  }

  error_code exchange(const ClientRequest& request, const std::atomic<bool>* cancel, ClientReply& reply) {
    error_code error = wait(cancel, [&](auto done) { boost::beast::http::async_write(stream, request, done); });
    if (error) return error;
    boost::beast::flat_buffer buffer;
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    parser.body_limit(kMostReplyBytes);
    error = wait(cancel, [&](auto done) { boost::beast::http::async_read(stream, buffer, parser, done); });
    if (error) return error;
    reply = {static_cast<int>(parser.get().result_int()), parser.get().body()};
    if (!parser.keep_alive()) close();
    return {};
  }

  void close() {
    stream.close();
    is_open = false;
  }
};

Client::Client(const std::string& url) : state_(std::make_unique<State>()) {
  constexpr std::string_view kScheme = "http://";
  std::string place = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  while (place.ends_with('/')) place.pop_back();
  if (place.empty() || place.find('/') != std::string::npos)
    throw_error<RequestError>("{}: expected the address of a server, such as http://127.0.0.1:11434", url);
  const size_t colon = place.rfind(':');
  const bool has_port = colon != std::string::npos && place.find(']', colon) == std::string::npos;
  state_->url = url;
  state_->host = has_port ? place.substr(0, colon) : place;
  state_->port = has_port ? place.substr(colon + 1) : "80";
  if (state_->host.starts_with('[') && state_->host.ends_with(']'))
    state_->host = state_->host.substr(1, state_->host.size() - 2);
}

Client::~Client() = default;

ClientReply Client::post(const std::string& path, const std::map<std::string, std::string>& headers, std::string body,
                         const std::atomic<bool>* cancel) {
  State& s = *state_;
  ClientRequest request(boost::beast::http::verb::post, path, 11);
  request.set(boost::beast::http::field::host, s.host + ":" + s.port);
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = std::move(body);
  request.prepare_payload();
  ClientReply reply;
  error_code error;
  if (s.is_open && !(error = s.exchange(request, cancel, reply))) return reply;
  s.close();  // it may have been closed since the last request
  error = s.open(cancel);
  if (!error) error = s.exchange(request, cancel, reply);
  if (!error) return reply;
  s.close();
  throw_error<ResourceError>("{}: {}: is the server running?", s.url, error.message());
}

}  // namespace facet::http
