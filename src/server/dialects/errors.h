// How each dialect says that something is wrong. Each is defined in its dialect's folder.
#pragma once

#include <string>
#include <string_view>

#include "server/api_error.h"
#include "server/request.h"

namespace facet::server {

std::string openai_error(const ApiError& error);  // {"error": {"message", "type", "param", "code"}}
std::string ollama_error(const ApiError& error);  // {"error": "..."}
// {"type": "error", "error": {"type", "message"}, "request_id"?}
std::string anthropic_error(const ApiError& error, std::string_view request_id = {});
std::string gemini_error(const ApiError& error);  // {"error": {"code", "message", "status"}}

}  // namespace facet::server
