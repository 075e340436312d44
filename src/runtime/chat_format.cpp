#include "runtime/chat_format.h"

namespace facet::runtime {

std::optional<text::ChatTemplate> chat_format(ChatFamily family) noexcept {
  switch (family) {
    case ChatFamily::Gemma4Large:
      return text::ChatTemplate::Gemma4Large;
    case ChatFamily::Gemma4Small:
      return text::ChatTemplate::Gemma4Small;
    case ChatFamily::Gemma3:
      return text::ChatTemplate::Gemma3;
    case ChatFamily::None:
      break;
  }
  return {};
}

std::optional<text::ChatTemplate> chat_format_or_familys(ChatFamily family, const text::Tokenizer& tokenizer) noexcept {
  if (const auto format = chat_format(family)) return format;
  if (tokenizer.find("<|turn>")) return text::ChatTemplate::Gemma4Small;
  if (tokenizer.find("<start_of_turn>")) return text::ChatTemplate::Gemma3;
  return {};
}

}  // namespace facet::runtime
