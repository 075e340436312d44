// What the listener itself refuses: a status, a sentence, and headers that go with it (Allow, Retry-After).
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "http/exchange.h"

namespace facet::http {

class StatusError : public std::runtime_error {
 public:
  StatusError(int status, const std::string& message, Headers headers = {})
      : std::runtime_error(message), status_(status), headers_(std::move(headers)) {}

  int status() const noexcept { return status_; }  // 400 and above
  const Headers& headers() const noexcept { return headers_; }

 private:
  int status_;
  Headers headers_;
};

}  // namespace facet::http
