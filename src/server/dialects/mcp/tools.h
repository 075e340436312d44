// What the server offers to MCP clients: the model's abilities as tools.
#pragma once

#include <variant>

#include "server/json_reading.h"
#include "server/service.h"

namespace facet::server {

// The list that tools/list gives: of each its name, what it is for, and the schema of its arguments.
Json mcp_tools(const ModelInfo& model);

// A call of a tool, translated. Throws ApiError: NotFound for a tool that is not there, Invalid for its arguments.
using McpTask = std::variant<GenerationRequest, TranscriptionRequest, EmbeddingRequest>;
McpTask mcp_task(const std::string& tool, const Fields& arguments);

}  // namespace facet::server
