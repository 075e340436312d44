#include "server/dialects/anthropic/models.h"

#include "server/dialects/models.h"
#include "server/dialects/stamps.h"
#include "server/json_reading.h"
#include "server/key_models.h"

namespace facet::server {

Json anthropic_model(const ModelInfo& model) {
  return {{"type", "model"},
          {"id", model.name},
          {"display_name", model.name},
          {"created_at", utc_time(model.modified)},
          {"max_input_tokens", model.context},
          {"max_tokens", model.context}};
}

Json anthropic_model_list(const std::vector<ModelInfo>& models) {
  Json list = Json::array();
  for (const ModelInfo& model : models) list.push_back(anthropic_model(model));
  const Json first = list.empty() ? Json() : list.front()["id"], last = list.empty() ? Json() : list.back()["id"];
  return {{"data", std::move(list)}, {"has_more", false}, {"first_id", first}, {"last_id", last}};
}

void anthropic_models(http::Exchange& exchange, Service& service, const std::string& name) {
  const Json body = name.empty() ? anthropic_model_list(models_for(exchange.request(), service))
                                 : anthropic_model(service.model(name));
  exchange.reply(200, "application/json", to_json_text(body));
}

}  // namespace facet::server
