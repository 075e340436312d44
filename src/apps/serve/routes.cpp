#include "apps/serve/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "http/keys.h"
#include "server/api_error.h"
#include "server/dialects/dialects.h"

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

}  // namespace

http::Routes all_routes(server::Service& service, server::Store& store) {
  http::Routes all;
<<<<<<< HEAD
  for (http::Routes routes :
       {server::openai_routes(service, store), server::ollama_routes(service), server::anthropic_routes(service),
        server::gemini_routes(service), server::discovery_routes(service), server::model_routes(service),
        server::mcp_routes(service)})
=======
  for (http::Routes routes : {server::openai_routes(service, store), server::ollama_routes(service),
                              server::anthropic_routes(service), server::gemini_routes(service),
                              server::discovery_routes(service), server::model_routes(service)})
>>>>>>> h-review
    std::move(routes.begin(), routes.end(), std::back_inserter(all));
  for (http::Route& route : all)
    route.handler = [handler = std::move(route.handler)](const std::shared_ptr<http::Exchange>& exchange) {
      check_dialect(exchange->request());
      handler(exchange);
    };
  return all;
}

}  // namespace facet::apps
