// Models as Anthropic's protocol lists them.
#pragma once

#include <vector>

#include "server/service.h"

namespace facet::server {

Json anthropic_models(const std::vector<ModelInfo>& models);
Json anthropic_model(const ModelInfo& model);

}  // namespace facet::server
