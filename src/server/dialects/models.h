// GET /v1/models belongs to three protocols: who asks decides in whose words the models are told.
#pragma once

#include <string>

#include "http/exchange.h"
#include "server/service.h"

namespace facet::server {

// Each is defined in its dialect's folder and replies with the list of models, or with one. name: as in the path behind
// "/v1/models/"; empty: the list. Throws ApiError (NotFound).
void openai_models(http::Exchange& exchange, Service& service, const std::string& name);
void anthropic_models(http::Exchange& exchange, Service& service, const std::string& name);
void gemini_models(http::Exchange& exchange, Service& service, const std::string& name);

}  // namespace facet::server
