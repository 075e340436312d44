// What clients ask for in Anthropic's Messages protocol, translated. Needs no server; what is wrong is an ApiError that
// names the field.
#pragma once

#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

struct AnthropicRequest {
  GenerationRequest generation;
  bool is_stream = false;
};

// A body of /v1/messages, or of /v1/messages/count_tokens, which needs no max_tokens.
AnthropicRequest anthropic_request(const Fields& body, bool needs_limit = true);

// The system message and the messages in OpenAI's form: a tool's results become messages of their own, and blocks that
// mean nothing to the model (redacted thoughts, a server tool's calls, Claude Code's billing header) go.
Json anthropic_messages_of(const Fields& body, std::vector<MediaInput>& media);

// Declared functions; null where there are none. Tools that a server of theirs would run are left out: the model has
// none of them.
Json anthropic_tools(const Fields& body);

}  // namespace facet::server
