// How a model is talked to.
#pragma once

#include <optional>

#include "runtime/engine.h"
#include "text/chat.h"

namespace facet::runtime {

// The format that the model's files name; nothing of a base model.
std::optional<text::ChatTemplate> chat_format(ChatFamily family) noexcept;
// The same, and of a base model that has its family's turn tokens the family's: for clients that know nothing else than
// chats. Nothing of a model without such tokens.
std::optional<text::ChatTemplate> chat_format_or_familys(ChatFamily family, const text::Tokenizer& tokenizer) noexcept;

inline bool can_think(std::optional<text::ChatTemplate> format) noexcept {
  return format && *format != text::ChatTemplate::Gemma3;
}

}  // namespace facet::runtime
