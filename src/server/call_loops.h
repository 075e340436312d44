// Models that call the same function again and again.
#pragma once

#include "server/request.h"

namespace facet::server {

// Whether the round of calls that a conversation is in goes in circles: its last `max_same` calls are the same, or its
// last `max_rounds` answers had calls and no text. 0: not looked for.
bool is_call_loop(const Json& messages, int max_same, int max_rounds);

}  // namespace facet::server
