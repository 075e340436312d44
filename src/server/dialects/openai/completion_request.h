// POST /v1/completions, read: texts that are continued as they are.
#pragma once

#include <vector>

#include "server/dialects/openai/chat_request.h"

namespace facet::server {

struct CompletionRequest {
  std::vector<GenerationRequest> prompts;  // each gives n choices
  ReplyOptions reply;
  bool echoes = false;  // the prompt begins the text
};

// prompt: a text, token numbers, or a list of either. Throws ApiError that names the field.
CompletionRequest parse_completion_request(const Json& body);

}  // namespace facet::server
