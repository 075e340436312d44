// What Anthropic's messages and streams have in common.
#pragma once

#include "server/event.h"

namespace facet::server {

// Thoughts come back with what stands here. Nothing has to be proven by it: a client may change its own history.
constexpr const char* kAnthropicSignature = "ZmFjZXQ=";

struct AnthropicEnd {
  std::string reason = "end_turn";
  Json stop_string;  // null unless one was met
};
AnthropicEnd anthropic_end(const event::Finished& finished);

// "toolu_..." of "call_...".
std::string anthropic_call_id(const std::string& id);

// A message that says nothing yet, with a new id; its usage is that of the prompt.
Json anthropic_message(const std::string& model, int n_prompt, int n_cached);

}  // namespace facet::server
