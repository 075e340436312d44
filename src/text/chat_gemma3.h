// Gemma 3's chat format. Internal to text/.
#pragma once

#include "text/chat.h"

namespace facet::text {

// The official template: system text opens the first user turn, roles alternate. No thinking, text only.
//
// It has no place for functions, so these are told of in words and JSON, as the family's documentation advises. Behind
// the system text stand their declarations. A call is {"name":...,"parameters":{...}} in a model turn, several are a
// list of those; results are {"name":...,"result":...} or a list of those, and open the user turn that follows.
Prompt render_gemma3(const ChatJson& messages, const ChatJson& tools, const ChatOptions& options);

}  // namespace facet::text
