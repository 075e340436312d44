#include "server/key_models.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/keys.h"
#include "server/api_error.h"

namespace facet::server {

bool is_key_for(const http::Request& request, const std::string& name) {
  if (!request.key || request.key->models.empty()) return true;
  const auto& allowed = request.key->models;
  return std::find(allowed.begin(), allowed.end(), name) != allowed.end();
}

std::vector<ModelInfo> models_for(const http::Request& request, Service& service) {
  std::vector<ModelInfo> models = service.models();
  std::erase_if(models, [&](const ModelInfo& model) { return !is_key_for(request, model.name); });
  return models;
}

void check_key_model(const http::Request& request, Service& service, const std::string& model) {
  if (!request.key || request.key->models.empty()) return;
  const std::string name = service.model(model).name;
  if (!is_key_for(request, name))
    throw ApiError(ApiError::Kind::Forbidden,
                   fmt::format("the API key '{}' is not for the model {}", request.key->name, name), "model");
}

}  // namespace facet::server
