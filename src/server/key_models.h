// API keys that are for some models alone.
#pragma once

#include <string>
#include <vector>

#include "http/exchange.h"
#include "server/service.h"

namespace facet::server {

// Whether a request may ask for the model of this name, which is its own. Without a key: for any.
bool is_key_for(const http::Request& request, const std::string& name);

// Those that the request may ask for: others it need not know of.
std::vector<ModelInfo> models_for(const http::Request& request, Service& service);

// ApiError: Forbidden where the request's key is not for this model, NotFound where there is none of this name.
void check_key_model(const http::Request& request, Service& service, const std::string& model);

}  // namespace facet::server
