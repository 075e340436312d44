#include "server/dialects/dialects.h"
#include "server/dialects/discovery/discovery.h"
#include "server/key_models.h"

namespace facet::server {
namespace {

// A handler that replies with what make(request) gives.
template <class F>
http::Handler json_handler(F make) {
  return [make](const std::shared_ptr<http::Exchange>& exchange) {
    exchange->reply(200, "application/json; charset=utf-8", to_json_text(make(exchange->request())));
  };
}

}  // namespace

http::Routes discovery_routes(Service& service) {
  using http::Request;
  using http::Scope;
  const auto of_body = [&service](Json (*make)(Service&, const Fields&)) {
    return json_handler([&service, make](const Request& request) {
      const Json body = parse_body(request.body);
      return make(service, Fields(body));
    });
  };
  return {
      {"GET", "/props", json_handler([&service](const Request&) { return llama_props(service.model("")); }),
       Scope::Use},
      {"POST", "/tokenize", of_body(llama_tokenize), Scope::Use},
      {"POST", "/detokenize", of_body(llama_detokenize), Scope::Use},
      {"GET", "/api/v0/models",
       json_handler([&service](const Request& r) { return studio_models(models_for(r, service)); }), Scope::Use},
      {"GET", "/api/v0/models/*", json_handler([&service](const Request& request) {
         return studio_model(service.model(request.path.substr(std::string_view("/api/v0/models/").size())));
       }),
       Scope::Use},
      {"GET", "/api/v1/models",
       json_handler([&service](const Request& r) { return studio_model_keys(models_for(r, service)); }), Scope::Use},
  };
}

}  // namespace facet::server
