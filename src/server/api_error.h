// What went wrong with a request, before it is said in the words of a dialect.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace facet::server {

class ApiError : public std::runtime_error {
 public:
  enum class Kind : uint8_t {
    Invalid,       // 400: the request cannot be understood or carried out
    ContextFull,   // 400: it does not fit the model's context; the message has the words "context length"
    Unsupported,   // 400: the model or this server cannot do it
    Unauthorized,  // 401
    Forbidden,     // 403
    NotFound,      // 404: no such model, object or path
    NotAllowed,    // 405: the path has another method
    Conflict,      // 409
    TooLarge,      // 413
    TooMany,       // 429: this client's limit
    Internal,      // 500: nothing that a client could mend, nor time: a damaged model
    Busy,          // 503: the queue is full, or the model does not fit beside what runs
    Timeout,       // 504
  };

  ApiError(Kind kind, const std::string& message, std::string parameter = {}, double retry_after = 0)
      : std::runtime_error(message), kind_(kind), parameter_(std::move(parameter)), retry_after_(retry_after) {}

  Kind kind() const noexcept { return kind_; }
  int status() const noexcept;
  const std::string& parameter() const noexcept {
    return parameter_;
  }                                                             // that is wrong, "messages[2].content"; empty: none
  double retry_after() const noexcept { return retry_after_; }  // seconds; 0: not said

 private:
  Kind kind_;
  std::string parameter_;
  double retry_after_;
};

// Of anything thrown: RequestError and FormatError are Invalid, ShortageError is Busy, other ResourceErrors and what
// nobody expects Internal: to ask again would not help.
ApiError to_api_error(std::exception_ptr error);

// The same of what reading a model's files threw: what is wrong with those is no fault of the request. Internal, or
// Busy where there is no memory for them now.
ApiError to_model_error(std::exception_ptr error);

// The protocols that share the port.
enum class Dialect : uint8_t { OpenAi, Ollama, Anthropic, Gemini };
// Whose words a request wants to be answered in: by its path, and where a path belongs to several by its headers.
Dialect dialect_of(const http::Request& request);
// The body (JSON) that says so; each is defined in its dialect's folder. request_id: http::Request::id, where there is
// one.
std::string error_body(Dialect dialect, const ApiError& error, std::string_view request_id = {});
// error_body with its status and, where there is one, Retry-After.
void reply_error(http::Exchange& exchange, Dialect dialect, const ApiError& error);

}  // namespace facet::server
