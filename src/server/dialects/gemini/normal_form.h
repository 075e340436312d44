// Gemini's JSON in one spelling. Clients write keys in camelCase, in snake_case, and in a mixture of both.
#pragma once

#include "server/request.h"

namespace facet::server {

// A body with all keys in camelCase, but those that are data: the arguments and results of functions, JSON schemas, and
// the names of properties.
Json gemini_normal_form(Json body);

// A schema in the protocol's own words (type "STRING", "nullable", "propertyOrdering", counts in quotes) as JSON
// Schema; what is JSON Schema already stays as it is.
Json gemini_json_schema(const Json& schema);

}  // namespace facet::server
