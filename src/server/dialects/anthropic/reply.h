// Answers in Anthropic's words: a message with its blocks, or the events of a stream of blocks.
#pragma once

#include <memory>

#include "server/event.h"

namespace facet::server {

// model: as the client named it.
std::unique_ptr<ReplyWriter> anthropic_reply(std::string model, bool is_stream);

Json anthropic_usage(int n_prompt, int n_cached, int n_generated);

}  // namespace facet::server
