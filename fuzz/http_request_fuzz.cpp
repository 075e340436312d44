// link: facet_http
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "http/access.h"
#include "http/request_parser.h"
#include "http/status_error.h"
#include "http/target.h"

using namespace facet;

namespace {

constexpr size_t kMaxHead = 2000, kMaxBody = 4000;

// What came of a request: a status it is refused with, or the request.
struct Outcome {
  int status = 0;
  bool is_done = false;
  http::Request request;
};

// The bytes as a connection brings them, `step` at a time.
Outcome parse(std::string_view bytes, size_t step) {
  Outcome outcome;
  http::RequestParser parser(kMaxHead, kMaxBody);
  std::string waiting;
  try {
    for (size_t at = 0; at < bytes.size() && !parser.is_done(); at += step) {
      waiting += bytes.substr(at, step);
      for (size_t n = 1; n > 0 && !waiting.empty() && !parser.is_done();) {
        n = parser.put(waiting);
        waiting.erase(0, n);
      }
      if (parser.body_bytes() > kMaxBody || waiting.size() > kMaxHead + kMaxBody + step) std::abort();
    }
  } catch (const http::StatusError& e) {
    if (e.status() < 400 || e.status() > 599) std::abort();
    outcome.status = e.status();
  }
  outcome.is_done = outcome.status == 0 && parser.is_done();
  if (outcome.is_done) outcome.request = parser.take();
  return outcome;
}

void check_access(http::Request request) {
  const http::Access access({{"own.example"}, {"https://own.example"}, nullptr});
  try {
    access.check_origin(request);
    access.check_host(request, true);
    access.authorize(request, http::Scope::Use);
  } catch (const http::StatusError&) {
    return;
  }
  if (request.query.count("key")) std::abort();
  const std::string host = http::host_name(request.header("host"));
  if (host.ends_with(".example") && host != "own.example") std::abort();
  if (!request.header("origin").empty()) (void)http::preflight_headers(request, "GET");
}

}  // namespace

// A connection's bytes, in one piece and byte by byte: the same request, or refused; and a file of keys.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = parse(bytes, std::max<size_t>(size, 1)), pieces = parse(bytes, 1);
  if (whole.is_done && pieces.is_done &&
      (whole.request.path != pieces.request.path || whole.request.body != pieces.request.body ||
       whole.request.headers != pieces.request.headers || whole.request.query != pieces.request.query))
    std::abort();
  if (whole.is_done != pieces.is_done && size <= kMaxHead) std::abort();
  if (whole.is_done) check_access(whole.request);
  try {
    for (const http::Key& key : http::parse_keys(bytes, "fuzz.json"))
      if (key.name.empty() || key.requests_per_minute < 0) std::abort();
  } catch (const RequestError&) {
  }
  return 0;
}
