// API keys that are for some models alone.
#pragma once

#include <string>

#include "http/exchange.h"

namespace facet::server {

class Service;

// ApiError: Forbidden where the request's key is not for this model, NotFound where there is none of this name.
void check_key_model(const http::Request& request, Service& service, const std::string& model);

}  // namespace facet::server
