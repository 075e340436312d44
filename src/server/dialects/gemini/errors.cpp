#include "server/dialects/errors.h"

namespace facet::server {
namespace {

std::string_view gemini_error_status(const ApiError& error) {
  switch (error.status()) {
    case 400:
    case 413:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 405:
      return "UNIMPLEMENTED";
    case 409:
      return "ABORTED";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 503:
      return "UNAVAILABLE";
    case 504:
      return "DEADLINE_EXCEEDED";
    default:
      return "INTERNAL";
  }
}

}  // namespace

std::string gemini_error(const ApiError& error) {
  return Json{{"error", {{"code", error.status()}, {"message", error.what()}, {"status", gemini_error_status(error)}}}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace facet::server
