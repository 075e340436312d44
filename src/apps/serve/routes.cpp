#include "apps/serve/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "http/keys.h"
#include "server/api_error.h"
#include "server/dialects/dialects.h"
#include "server/key_models.h"
#include "server/multipart.h"
#include "server/service.h"

namespace facet::apps {
namespace {

const char* dialect_name(server::Dialect dialect) {
  switch (dialect) {
    case server::Dialect::OpenAi:
      return "openai";
    case server::Dialect::Ollama:
      return "ollama";
    case server::Dialect::Anthropic:
      return "anthropic";
    case server::Dialect::Gemini:
      return "gemini";
  }
  return "";
}

void check_dialect(const http::Request& request) {
  if (!request.key || request.key->dialects.empty()) return;
  const auto& allowed = request.key->dialects;
  const std::string name = dialect_name(server::dialect_of(request));
  if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
    throw server::ApiError(server::ApiError::Kind::Forbidden,
                           fmt::format("the API key '{}' is not for the protocol {}", request.key->name, name));
}

// As the handlers read it: of several the last.
std::string model_of_form(const http::Request& request) {
  std::string name;
  for (const server::FormPart& part : server::parse_multipart(request.header("content-type"), request.body))
    if (part.name == "model") name = part.content;
  return name;
}

// The model that a request names: in its path, or in its body. Nothing of requests about no model.
std::optional<std::string> model_of(const http::Request& request) {
  const std::string_view path = request.path;
  if (const size_t at = path.find("/models/"); at != std::string_view::npos) {
    std::string_view name = path.substr(at + 8);
    if (path.starts_with("/v1beta") || request.method == "POST") name = name.substr(0, name.rfind(':'));
    return std::string(name);
  }
  if (path == "/props") return "";  // the default one
  if (request.method != "POST" || path == "/v1/files") return {};
  if (path.starts_with("/v1/audio/")) return model_of_form(request);
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  if (!body.is_object()) return "";
  for (const char* key : {"model", "name", "source", "from"})
    if (body.contains(key) && body[key].is_string()) return body[key].get<std::string>();
  return "";
}

void check_model(const http::Request& request, server::Service& service) {
  if (!request.key || request.key->models.empty()) return;
  if (request.method == "POST" && request.path == "/v1/batches")
    throw server::ApiError(
        server::ApiError::Kind::Forbidden,
        fmt::format("the API key '{}' is for some models, and the lines of a batch may name any", request.key->name));
  if (const auto wanted = model_of(request)) server::check_key_model(request, service, *wanted);
}

}  // namespace

http::Routes all_routes(server::Service& service, server::Store& store, server::McpAccess mcp) {
  http::Routes all;
  for (http::Routes routes :
       {server::openai_routes(service, store, std::move(mcp)), server::ollama_routes(service),
        server::anthropic_routes(service), server::gemini_routes(service), server::discovery_routes(service),
        server::model_routes(service), server::mcp_routes(service)})
    std::move(routes.begin(), routes.end(), std::back_inserter(all));
  for (http::Route& route : all)
    route.handler = [&service, handler = std::move(route.handler)](const std::shared_ptr<http::Exchange>& exchange) {
      check_dialect(exchange->request());
      check_model(exchange->request(), service);
      handler(exchange);
    };
  return all;
}

}  // namespace facet::apps
