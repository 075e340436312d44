// The options that the chat, completions and responses requests of this dialect share: sampling and limits, with the
// extensions that local servers have agreed on.
#pragma once

#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

// model, temperature, top_p, top_k, min_p, typical_p, penalties, seed, logit_bias, stop, n, ignore_eos, keep_alive.
void read_options(const Fields& body, GenerationRequest& request);

// reasoning_effort, reasoning.effort, and chat_template_kwargs.enable_thinking, which wins.
Thinking read_thinking(const Fields& body);

// The first of the keys that is given; -1 (to the context's end) without any.
int read_max_tokens(const Fields& body, std::initializer_list<const char*> keys);

}  // namespace facet::server
