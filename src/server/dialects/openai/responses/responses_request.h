// POST /v1/responses, read.
#pragma once

#include <string>

#include "server/dialects/openai/responses/mcp_request.h"
#include "server/dialects/openai/responses/response_items.h"
#include "server/request.h"

namespace facet::server {

// What the parser looks up; a test gives its own.
struct ResponseSources {
  FindFile find_file;
  // The items of a stored response and of all that came before it, its input and its output. ApiError (NotFound).
  std::function<Json(const std::string& id)> history;
  std::function<Json(const std::string& id)> item;  // an output item that was stored; null: not there
};

struct ResponsesRequest {
  GenerationRequest generation;
  Namespaces namespaces;
  McpRequest mcp;
  Json input;  // this request's own items, as they are stored
  // What a response repeats of its request: instructions, tools, text, metadata, ...
  Json echo;
  bool is_stream = false, is_stored = true, is_background = false;
  bool has_summary = false;  // thoughts are told as summaries
  bool has_sealed = false;   // thoughts come sealed too, for clients that send them back
  bool has_logprobs = false;
};

// Throws ApiError that names the field.
ResponsesRequest parse_responses_request(const Json& body, const ResponseSources& sources);

}  // namespace facet::server
