// Gemma 3's chat format. Internal to text/.
#pragma once

#include "text/chat.h"

namespace facet::text {

// The official template: system text opens the first user turn, roles alternate. No tools, no thinking, text only.
Prompt render_gemma3(const ChatJson& messages, const ChatJson& tools, const ChatOptions& options);

}  // namespace facet::text
