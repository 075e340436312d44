// Bytes of a connection become requests (HTTP/1.0 and 1.1). No socket here: the caller brings the bytes as they come.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace facet::http {

// Reads one request.
class RequestParser {
 public:
  RequestParser(size_t max_head_bytes, size_t max_body_bytes);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes what it can of `bytes` and returns how many; the rest is to come again, with more behind it when that was
  // none. StatusError 400, 413, 417, 431 or 505: nothing that follows on this connection can be understood.
  size_t put(std::string_view bytes);

  bool has_head() const;  // put() stops once behind it
  bool is_done() const;
  bool expects_continue() const;  // "Expect: 100-continue"
  bool keeps_alive() const;
  bool is_http10() const;
  size_t body_bytes() const;  // so far

  // With has_head(): all but the body. What comes behind a chunked body as trailers is ignored.
  Request& head();
  Request take();  // with is_done(): the whole

 private:
  void read_head();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facet::http
