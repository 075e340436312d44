// Functions that a request declares, and which of them must be called.
#pragma once

#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

// tools, tool_choice and parallel_tool_calls of a chat request, and functions and function_call, which they replaced.
void read_tools(const Fields& body, GenerationRequest& request);

// {type, function: {name, description, parameters}} of a declaration with these fields.
Json function_tool(const Fields& declaration);
// Appends it to `tools` (null: the first); a name may be declared once.
void add_tool(Json& tools, Json tool, const std::string& place);

// tool_choice in the words of chat requests ({type: function, function: {name}}) and of responses ({type: function,
// name}). Names are checked against request.tools. has_others: there are tools beside those, so a call may be required.
void read_tool_choice(const Fields& body, GenerationRequest& request, bool has_others = false);

}  // namespace facet::server
