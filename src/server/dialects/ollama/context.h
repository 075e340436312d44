// The "context" of /api/generate: numbers that a client sends back to continue a conversation, and does not look into.
// Ollama puts tokens there; ours are the bytes of the messages as JSON, so that what a client sends can never hold
// control tokens. Pictures are not kept, as they are not by Ollama.
#pragma once

#include "server/request.h"

namespace facet::server {

// messages: a list of {role, content}, content a string.
Json ollama_context(const Json& messages);

// Throws ApiError for numbers that ollama_context() did not make.
Json read_ollama_context(const Json& context);

}  // namespace facet::server
