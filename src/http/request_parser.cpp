#include "http/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/ascii_case.h"
#include "http/status_error.h"
#include "http/target.h"

namespace facet::http {
namespace {

namespace beast_http = boost::beast::http;
using beast_http::field;

// Of chunk heads, which the parser takes whole.
constexpr size_t kMaxChunkHeadBytes = 4096;
// Beast asserts that of a last chunk, once it has seen the head, it is shown as much as "0\r\n\r\n" at a time. More is
// sure to come: chunks whose bytes look like that are followed by a last one.
constexpr std::string_view kLastChunkHead = "0\r\n";
constexpr size_t kMinLastChunkBytes = 5;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

[[noreturn]] void refuse(const boost::system::error_code& error, const std::string& limits_hint) {
  if (error == beast_http::error::header_limit)
    throw StatusError(431, "the request's head is larger than this server reads");
  if (error == beast_http::error::body_limit)
    throw StatusError(413, "the request's body is larger than " + limits_hint);
  if (error == beast_http::error::bad_version) throw StatusError(505, "the request is not HTTP/1.0 or HTTP/1.1");
  throw StatusError(400, "the request is not HTTP: " + error.message());
}

}  // namespace

struct RequestParser::State {
  beast_http::request_parser<beast_http::string_body> parser;
  size_t max_head_bytes, max_body_bytes;
  Request head;
};

RequestParser::RequestParser(size_t max_head_bytes, size_t max_body_bytes) : state_(std::make_unique<State>()) {
  state_->max_head_bytes = max_head_bytes;
  state_->max_body_bytes = max_body_bytes;
  state_->parser.header_limit(static_cast<uint32_t>(max_head_bytes));
  state_->parser.body_limit(max_body_bytes);
}

RequestParser::~RequestParser() = default;

size_t RequestParser::put(std::string_view bytes) {
  auto& parser = state_->parser;
  // Some clients send an empty line behind a body.
  if (!parser.got_some() && bytes == "\r") return 0;
  if (!parser.got_some() && bytes.starts_with("\r\n")) return 2;
  const bool had_head = parser.is_header_done();
  if (had_head && parser.chunked() && bytes.size() < kMinLastChunkBytes && bytes.starts_with(kLastChunkHead)) return 0;
  boost::system::error_code error;
  const size_t n_taken = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  const bool wants_more = error == beast_http::error::need_more;
  if (error && !wants_more) refuse(error, std::to_string(state_->max_body_bytes) + " bytes");
  const size_t max_waiting = had_head ? kMaxChunkHeadBytes : state_->max_head_bytes;
  if (wants_more && bytes.size() - n_taken > max_waiting)
    throw StatusError(had_head ? 400 : 431, "a line of the request is longer than this server reads");
  if (!had_head && parser.is_header_done()) read_head();
  return n_taken;
}

void RequestParser::read_head() {
  const auto& message = state_->parser.get();
  if (message.version() != 10 && message.version() != 11)
    throw StatusError(505, "the request is not HTTP/1.0 or HTTP/1.1");
  const std::string_view expect = view(message[field::expect]);
  if (!expect.empty() && !expects_continue()) throw StatusError(417, "of Expect only 100-continue is known here");
  if (!is_http10() && message.count(field::host) != 1) throw StatusError(400, "the request has not one Host header");
  Request& head = state_->head;
  head.method = view(message.method_string());
  Target target = parse_target(view(message.target()));
  head.path = std::move(target.path);
  head.query = std::move(target.query);
  for (const auto& header : message) {
    const auto [place, is_new] = head.headers.emplace(ascii_lower(view(header.name_string())), view(header.value()));
    if (!is_new) place->second.append(", ").append(view(header.value()));
  }
}

bool RequestParser::has_head() const { return state_->parser.is_header_done(); }
bool RequestParser::is_done() const { return state_->parser.is_done(); }
bool RequestParser::keeps_alive() const { return state_->parser.keep_alive(); }
bool RequestParser::is_http10() const { return state_->parser.get().version() < 11; }
size_t RequestParser::body_bytes() const { return state_->parser.get().body().size(); }
Request& RequestParser::head() { return state_->head; }

Request RequestParser::take() {
  state_->head.body = std::move(state_->parser.get().body());
  return std::move(state_->head);
}

bool RequestParser::expects_continue() const {
  return !is_http10() && boost::beast::iequals(state_->parser.get()[field::expect], "100-continue");
}

}  // namespace facet::http
