// Counts and log-probabilities in the words of chat and completions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/event.h"

namespace facet::server {

Json usage_json(const Usage& usage);
// [{token, logprob, bytes, top_logprobs}].
Json logprobs_json(const std::vector<TokenLogprob>& tokens);
// "stop", "length", "tool_calls".
std::string_view finish_word(Finish reason);
// One event of a stream: "data: ...", and an empty line.
std::string sse_data(const Json& value);

}  // namespace facet::server
