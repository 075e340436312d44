// Replies to chat requests: one body, or a stream of chunks.
#pragma once

#include <memory>

#include "server/dialects/openai/chat_request.h"
#include "server/dialects/openai/reply_head.h"
#include "server/event.h"

namespace facet::server {

std::unique_ptr<ReplyWriter> chat_writer(const ChatRequest& request, ReplyHead head);

}  // namespace facet::server
