// link: facet_server
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "server/mcp/messages.h"
#include "server/mcp/reply_reader.h"

using namespace facet::server;

namespace {

// The answer, or null where there is none; the bytes come in pieces of this size.
Json answer_of(std::string_view type, std::string_view bytes, size_t piece) {
  try {
    McpReplyReader reader(1);
    reader.begin(type);
    for (size_t at = 0; at < bytes.size() && reader.push(bytes.substr(at, piece)); at += piece) {
    }
    return reader.take();
  } catch (const facet::FormatError&) {
    return {};
  }
}

}  // namespace

// A line with the content type, and what an MCP server answers. Where a piece ends means nothing, and what is made of
// the answer has the types that others rely on.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), size);
  const std::string_view type = input.substr(0, line), bytes = input.substr(std::min(line + 1, size));
  const Json answer = answer_of(type, bytes, bytes.size() + 1);
  if (answer != answer_of(type, bytes, 3)) __builtin_trap();
  if (answer.is_null()) return 0;
  try {
    const Json result = mcp_result_of(answer);
    const McpOutput output = mcp_output(result);
    if (!output.error.is_null() && !output.error.at("content").is_array()) __builtin_trap();
    Json tools = Json::array();
    add_mcp_tools(result, tools);
    if (tools.size() > kMaxMcpTools) __builtin_trap();
    for (const Json& tool : tools)
      if (!tool.at("name").is_string() || !tool.at("input_schema").is_object()) __builtin_trap();
  } catch (const McpError& e) {
    e.json();
  }
  return 0;
}
