// Declarations of functions that a model may call, from a file.
#pragma once

#include <string>

#include "text/chat.h"

namespace facet::apps {

// OpenAI's list of {"type": "function", "function": {"name", "description", "parameters"}}, or an object with it as
// "tools". Throws RequestError naming the file and the place.
text::ChatJson read_tools(const std::string& path);

}  // namespace facet::apps
