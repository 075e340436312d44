// MCP on standard input and output: a message a line, and its answer a line.
#pragma once

#include <functional>
#include <istream>
#include <string_view>

#include "server/service.h"

namespace facet::server {

// Answers until the input ends, and returns when all answers are out. write: gets each line, with its end, one at a
// time, on any thread. Questions to the model are answered together, other calls in turn.
void serve_mcp_lines(Service& service, std::istream& in, const std::function<void(std::string_view line)>& write);

}  // namespace facet::server
