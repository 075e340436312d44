// Tool declarations in the chat format. Internal to text/.
#pragma once

#include "text/chat_value.h"

namespace facet::text {

// One <|tool>declaration:...<tool|>; `tool` is {type: function, function: {...}}. where: for messages.
void render_tool(PromptBuilder& out, const ChatJson& tool, const std::string& where);

}  // namespace facet::text
