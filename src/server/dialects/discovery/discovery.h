// Paths by which clients of llama.cpp's server and of LM Studio find out what is here.
#pragma once

#include <vector>

#include "server/json_reading.h"
#include "server/service.h"

namespace facet::server {

Json llama_props(const ModelInfo& model);                      // GET /props
Json llama_tokenize(Service& service, const Fields& body);     // POST /tokenize
Json llama_detokenize(Service& service, const Fields& body);   // POST /detokenize
Json studio_model(const ModelInfo& model);                     // of GET /api/v0/models
Json studio_models(const std::vector<ModelInfo>& models);      // GET /api/v0/models
Json studio_model_keys(const std::vector<ModelInfo>& models);  // GET /api/v1/models

}  // namespace facet::server
