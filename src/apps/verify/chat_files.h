// The kinds of chat files, told apart by what their lines hold: prompts to render, outputs to parse, schemas, prompts
// as tokens.
#pragma once

#include <filesystem>
#include <vector>

#include "apps/verify/report.h"
#include "text/chat.h"

namespace facet::verify {

using text::ChatJson;

// One JSON object per line; integers in all their digits, keys in the order of the file.
std::vector<ChatJson> read_chat_lines(const std::filesystem::path& file);

// The template and the options of a case.
text::ChatOptions chat_options(const ChatJson& line);

// One case each; throw on a line that lacks what it needs.
void check_render_case(const ChatJson& line, Case& result);
void check_parse_case(const ChatJson& line, Case& result);
void check_schema_case(const ChatJson& line, Case& result);
void check_prompt_tokens(const ChatJson& line, const text::Tokenizer& tokenizer, Case& result);

}  // namespace facet::verify
