#include "server/dialects/models.h"

#include "server/api_error.h"
#include "server/dialects/dialects.h"

namespace facet::server {
namespace {

constexpr std::string_view kModelsPath = "/v1/models";

void reply_models(http::Exchange& exchange, Service& service) {
  const std::string& path = exchange.request().path;
  const std::string name = path.size() > kModelsPath.size() ? path.substr(kModelsPath.size() + 1) : "";
  switch (dialect_of(exchange.request())) {
    case Dialect::Anthropic:
      return anthropic_models(exchange, service, name);
    case Dialect::Gemini:
      return gemini_models(exchange, service, name);
    default:
      return openai_models(exchange, service, name);
  }
}

}  // namespace

http::Routes model_routes(Service& service) {
  const auto handler = [&service](const std::shared_ptr<http::Exchange>& exchange) {
    reply_models(*exchange, service);
  };
  return {{"GET", "/v1/models", handler}, {"GET", "/v1/models/*", handler}};
}

}  // namespace facet::server
