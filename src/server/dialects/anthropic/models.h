// Models as Anthropic's protocol lists them.
#pragma once

#include <vector>

#include "server/service.h"

namespace facet::server {

Json anthropic_model_list(const std::vector<ModelInfo>& models);
Json anthropic_model(const ModelInfo& model);

}  // namespace facet::server
