// The blocks that the content of Anthropic's messages consists of.
#pragma once

#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

// Tools that Anthropic runs itself, by the type they are declared with: "web_search_20250305".
bool is_anthropic_server_tool(std::string_view type);

// The text of a block of a system message; empty for Claude Code's billing header, which would spoil every prefix.
std::string anthropic_system_text(const Fields& block);

// One block of what a user says or a tool gives back (text, image, document, search result) as parts, appended to a
// list.
void append_anthropic_parts(const Fields& block, std::vector<MediaInput>& media, Json& parts);

// The message {role: tool} that a block tool_result stands for.
Json anthropic_tool_result(const Fields& block, std::vector<MediaInput>& media);

// What a list of parts says as content: one string where all are texts, each in lines of its own.
Json content_of_parts(Json parts);

}  // namespace facet::server
