#include "apps/serve/replies.h"

#include <fmt/format.h>

#include "http/status_error.h"
#include "server/api_error.h"

namespace facet::apps {
namespace {

using server::ApiError;

ApiError::Kind kind_of(int status) {
  switch (status) {
    case 401:
      return ApiError::Kind::Unauthorized;
    case 403:
      return ApiError::Kind::Forbidden;
    case 404:
      return ApiError::Kind::NotFound;
    case 405:
      return ApiError::Kind::NotAllowed;
    case 408:
      return ApiError::Kind::Timeout;
    case 413:
      return ApiError::Kind::TooLarge;
    case 429:
      return ApiError::Kind::TooMany;
    case 503:
      return ApiError::Kind::Busy;
    default:
      return status < 500 ? ApiError::Kind::Invalid : ApiError::Kind::Internal;
  }
}

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

}  // namespace

void reply_with_error(const std::shared_ptr<http::Exchange>& exchange, std::exception_ptr error) {
  const server::Dialect dialect = server::dialect_of(exchange->request());
  try {
    std::rethrow_exception(error);
  } catch (const http::StatusError& e) {
    const ApiError in_words(kind_of(e.status()), e.what());
    exchange->reply(e.status(), "application/json", server::error_body(dialect, in_words), e.headers());
  } catch (...) {
    server::reply_error(*exchange, dialect, server::to_api_error(error));
  }
}

std::string status_page(const std::vector<std::string>& models) {
  std::string list;
  for (const std::string& name : models) list += fmt::format("<li>{}</li>\n", html_text(name));
  if (models.empty()) list = "<li>none that this key is for</li>\n";
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>facet</title></head>
<body><h1>facet {}</h1>
<p>This server is running. Programs reach it at this address.</p>
<h2>Models</h2>
<ul>
{}</ul>
<p><a href="/health">health</a>, <a href="/ready">ready</a>, <a href="/metrics">metrics</a></p>
</body></html>
)",
                     FACET_VERSION, list);
}

}  // namespace facet::apps
