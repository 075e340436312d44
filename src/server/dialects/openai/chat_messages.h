// The messages of a chat request, as GenerationRequest takes them.
#pragma once

#include "server/dialects/openai/content.h"
#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

// Roles, contents and calls are checked, what older clients say (function, function_call) is said in today's words,
// fields that mean nothing to a model are dropped.
void read_messages(const Fields& body, GenerationRequest& request, const FindFile& find_file);

}  // namespace facet::server
