// The stream of a chat: the role first, then thoughts, text and calls as they come, an empty delta with the reason of
// the end, the usage where it is asked for, and [DONE].
#pragma once

#include <memory>

#include "server/dialects/openai/chat_request.h"
#include "server/dialects/openai/reply_head.h"
#include "server/event.h"

namespace facet::server {

std::unique_ptr<ReplyWriter> chat_chunks(const ChatRequest& request, ReplyHead head);

}  // namespace facet::server
