// Models as Gemini's protocol lists them.
#pragma once

#include <vector>

#include "server/service.h"

namespace facet::server {

Json gemini_model_list(const std::vector<ModelInfo>& models);
Json gemini_model(const ModelInfo& model);

}  // namespace facet::server
