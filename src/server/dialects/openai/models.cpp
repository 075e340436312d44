// The list of models, and one of them, in this dialect's words.
#include "server/dialects/models.h"
#include "server/json_reading.h"
#include "server/key_models.h"

namespace facet::server {
namespace {

// id: as the client writes it, where it asks for one; clients compare it with what they sent.
Json openai_model(const ModelInfo& model, const std::string& id) {
  return {{"id", id},
          {"object", "model"},
          {"created", model.modified},
          {"owned_by", "facet"},
          {"context_length", model.context},
          {"max_model_len", model.context}};
}

}  // namespace

void openai_models(http::Exchange& exchange, Service& service, const std::string& name) {
  Json reply;
  if (name.empty()) {
    reply = {{"object", "list"}, {"data", Json::array()}};
    for (const ModelInfo& model : models_for(exchange.request(), service))
      reply["data"].push_back(openai_model(model, model.name));
  } else {
    reply = openai_model(service.model(name), name);
  }
  exchange.reply(200, "application/json", to_json_text(reply));
}

}  // namespace facet::server
