// Models as Ollama's protocol describes them.
#pragma once

#include <vector>

#include "server/service.h"

namespace facet::server {

Json ollama_tags(const std::vector<ModelInfo>& models);     // /api/tags: all
Json ollama_running(const std::vector<ModelInfo>& models);  // /api/ps: those that are loaded
Json ollama_show(const ModelInfo& model);                   // /api/show

}  // namespace facet::server
