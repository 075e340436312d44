// Replies to completions: one body, or a stream of pieces of text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/dialects/openai/completion_request.h"
#include "server/dialects/openai/reply_head.h"
#include "server/event.h"

namespace facet::server {

// echoes: the text of each prompt, to begin its choices with; empty: none.
std::unique_ptr<ReplyWriter> completion_writer(const CompletionRequest& request, std::vector<std::string> echoes,
                                               ReplyHead head);

}  // namespace facet::server
