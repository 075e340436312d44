// How a model is talked to.
#pragma once

#include <optional>

#include "runtime/engine.h"
#include "text/chat.h"

namespace facet::server {

// The format that the model's files name; of a base model that has its family's turn tokens, the family's, as clients
// know nothing else than chats. Nothing of a model without such tokens.
std::optional<text::ChatTemplate> chat_format(runtime::ChatFamily family, const text::Tokenizer& tokenizer);
std::optional<text::ChatTemplate> chat_format(const runtime::Engine& engine);

inline bool can_think(std::optional<text::ChatTemplate> format) {
  return format && *format != text::ChatTemplate::Gemma3;
}

}  // namespace facet::server
