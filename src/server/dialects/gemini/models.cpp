// Models as Gemini's protocol lists them.
#include "server/dialects/models.h"

#include "server/dialects/gemini/models.h"
#include "server/json_reading.h"
#include "server/key_models.h"

namespace facet::server {

Json gemini_model(const ModelInfo& model) {
  return {{"name", "models/" + model.name},
          {"baseModelId", model.name},
          {"version", "1"},
          {"displayName", model.name},
          {"description", model.family + " " + model.parameters + " " + model.quantization},
          {"inputTokenLimit", model.context},
          {"outputTokenLimit", model.context},
          {"supportedGenerationMethods",
           {"generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"}},
          {"thinking", model.thinks}};
}

Json gemini_model_list(const std::vector<ModelInfo>& models) {
  Json list = Json::array();
  for (const ModelInfo& model : models) list.push_back(gemini_model(model));
  return {{"models", std::move(list)}};
}

void gemini_models(http::Exchange& exchange, Service& service, const std::string& name) {
  const Json body =
      name.empty() ? gemini_model_list(models_for(exchange.request(), service)) : gemini_model(service.model(name));
  exchange.reply(200, "application/json; charset=utf-8", to_json_text(body));
}

}  // namespace facet::server
