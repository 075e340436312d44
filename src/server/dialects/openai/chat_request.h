// POST /v1/chat/completions, read.
#pragma once

#include "server/dialects/openai/content.h"
#include "server/request.h"

namespace facet::server {

// How the reply of a chat or completions request is written.
struct ReplyOptions {
  bool is_stream = false;
  bool has_usage = false;           // in a stream; a whole body always has it
  bool is_legacy_function = false;  // function_call in place of tool_calls
};

struct ChatRequest {
  GenerationRequest generation;
  ReplyOptions reply;
};

// Throws ApiError that names the field.
ChatRequest parse_chat_request(const Json& body, const FindFile& find_file);

// stream, and stream_options.include_usage.
ReplyOptions read_reply_options(const Fields& body);

}  // namespace facet::server
