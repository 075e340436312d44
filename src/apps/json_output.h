// What --json prints.
#pragma once

#include <fmt/format.h>

#include "text/chat.h"

namespace facet::apps {

// One line on stdout; integers in all their digits, and U+FFFD for what is no UTF-8, which names of files may hold.
inline void print_json(const text::ChatJson& json) { fmt::print("{}\n", text::chat_json_text(json)); }

}  // namespace facet::apps
