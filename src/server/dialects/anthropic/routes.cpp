// Anthropic's paths; GET /v1/models is shared with other dialects.
#include "server/dialects/anthropic/reply.h"
#include "server/dialects/anthropic/request.h"
#include "server/dialects/dialects.h"
#include "server/service.h"

namespace facet::server {
namespace {

void anthropic_ask(const std::shared_ptr<http::Exchange>& exchange, Service& service) {
  const Json json = parse_body(exchange->request().body);
  AnthropicRequest request = anthropic_request(Fields(json));
  request.generation.client = exchange->request().client;
  auto writer = anthropic_reply(request.generation.model, request.is_stream);
  answer(exchange, service, std::move(request.generation), std::move(writer));
}

void anthropic_count(const std::shared_ptr<http::Exchange>& exchange, Service& service) {
  const Json json = parse_body(exchange->request().body);
  AnthropicRequest request = anthropic_request(Fields(json), false);
  request.generation.client = exchange->request().client;
  exchange->reply(200, "application/json", to_json_text({{"input_tokens", service.count_tokens(request.generation)}}));
}

}  // namespace

http::Routes anthropic_routes(Service& service) {
  return {
      {"POST", "/v1/messages", [&service](const auto& e) { anthropic_ask(e, service); }, http::Scope::Use},
      {"POST", "/v1/messages/count_tokens", [&service](const auto& e) { anthropic_count(e, service); },
       http::Scope::Use},
  };
}

}  // namespace facet::server
