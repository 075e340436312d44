#include "server/dialects/errors.h"

namespace facet::server {
namespace {

std::string_view openai_error_type(const ApiError& error) {
  switch (error.status()) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return error.status() >= 500 ? "server_error" : "invalid_request_error";
  }
}

Json openai_error_code(const ApiError& error) {
  using Kind = ApiError::Kind;
  switch (error.kind()) {
    case Kind::ContextFull:
      return "context_length_exceeded";
    case Kind::Unauthorized:
      return "invalid_api_key";
    case Kind::NotFound:
      return error.parameter() == "model" ? "model_not_found" : "not_found";
    case Kind::TooMany:
      return "rate_limit_exceeded";
    case Kind::Unsupported:
      return "unsupported_value";
    default:
      return nullptr;
  }
}

}  // namespace

std::string openai_error(const ApiError& error) {
  return Json{{"error",
               {{"message", error.what()},
                {"type", openai_error_type(error)},
                {"param", error.parameter().empty() ? Json(nullptr) : Json(error.parameter())},
                {"code", openai_error_code(error)}}}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace facet::server
