#include "server/api_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "runtime/job.h"
#include "server/dialects/errors.h"

namespace facet::server {

int ApiError::status() const noexcept {
  switch (kind_) {
    case Kind::Invalid:
    case Kind::ContextFull:
    case Kind::Unsupported:
      return 400;
    case Kind::Unauthorized:
      return 401;
    case Kind::Forbidden:
      return 403;
    case Kind::NotFound:
      return 404;
    case Kind::NotAllowed:
      return 405;
    case Kind::Conflict:
      return 409;
    case Kind::TooLarge:
      return 413;
    case Kind::TooMany:
      return 429;
    case Kind::Internal:
      return 500;
    case Kind::Busy:
      return 503;
    case Kind::Timeout:
      return 504;
  }
  return 500;
}

ApiError to_api_error(std::exception_ptr error) {
  using Kind = ApiError::Kind;
  try {
    std::rethrow_exception(std::move(error));
  } catch (const ApiError& e) {
    return e;
  } catch (const RequestError& e) {
    return {Kind::Invalid, e.what()};
  } catch (const FormatError& e) {
    return {Kind::Invalid, e.what()};
  } catch (const nlohmann::json::exception& e) {
    return {Kind::Invalid, fmt::format("a value of the request is not what was expected: {}", e.what())};
  } catch (const runtime::BusyError& e) {
    return {Kind::Busy, e.what(), {}, std::max(1.0, e.retry_after())};
  } catch (const ShortageError& e) {
    return {Kind::Busy, e.what(), {}, 5};
  } catch (const CancelledError& e) {
    return {Kind::Timeout, e.what()};
  } catch (const std::bad_alloc&) {
    return {Kind::Busy, "there is no memory left for this request", {}, 5};
  } catch (const std::exception& e) {
    return {Kind::Internal, e.what()};
  }
}

ApiError to_model_error(std::exception_ptr error) {
  const ApiError e = to_api_error(std::move(error));
  return e.kind() == ApiError::Kind::Invalid ? ApiError(ApiError::Kind::Internal, e.what()) : e;
}

Dialect dialect_of(const http::Request& request) {
  const std::string_view path = request.path;
  const auto begins = [path](std::string_view start) { return path.starts_with(start); };
  if (begins("/api/") && !begins("/api/v1/")) return Dialect::Ollama;
  if (begins("/v1/messages")) return Dialect::Anthropic;
  if (begins("/v1beta/")) return Dialect::Gemini;
  if (begins("/v1/models")) {
    const bool has_method =
        path.substr(path.rfind('/')).find(':') != std::string_view::npos && request.method == "POST";
    if (has_method || !request.header("x-goog-api-key").empty() || !request.header("x-goog-api-client").empty())
      return Dialect::Gemini;
    if (!request.header("anthropic-version").empty()) return Dialect::Anthropic;
  }
  return Dialect::OpenAi;
}

std::string error_body(Dialect dialect, const ApiError& error, std::string_view request_id) {
  switch (dialect) {
    case Dialect::OpenAi:
      return openai_error(error);
    case Dialect::Ollama:
      return ollama_error(error);
    case Dialect::Anthropic:
      return anthropic_error(error, request_id);
    case Dialect::Gemini:
      return gemini_error(error);
  }
  return {};
}

void reply_error(http::Exchange& exchange, Dialect dialect, const ApiError& error) {
  http::Headers headers;
  if (error.retry_after() > 0)
    headers.emplace_back("Retry-After", std::to_string(static_cast<int>(std::ceil(error.retry_after()))));
  exchange.reply(error.status(), "application/json", error_body(dialect, error, exchange.request().id),
                 std::move(headers));
}

}  // namespace facet::server
