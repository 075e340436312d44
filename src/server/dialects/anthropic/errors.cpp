#include "server/dialects/errors.h"

namespace facet::server {
namespace {

std::string_view anthropic_error_type(const ApiError& error) {
  switch (error.status()) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return error.status() >= 500 ? "api_error" : "invalid_request_error";
  }
}

}  // namespace

std::string anthropic_error(const ApiError& error, std::string_view request_id) {
  Json body = {{"type", "error"}, {"error", {{"type", anthropic_error_type(error)}, {"message", error.what()}}}};
  if (!request_id.empty()) body["request_id"] = request_id;
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace facet::server
