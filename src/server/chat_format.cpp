#include "server/chat_format.h"

namespace facet::server {

std::optional<text::ChatTemplate> chat_format(runtime::ChatFamily family, const text::Tokenizer& tokenizer) {
  switch (family) {
    case runtime::ChatFamily::Gemma4Large:
      return text::ChatTemplate::Gemma4Large;
    case runtime::ChatFamily::Gemma4Small:
      return text::ChatTemplate::Gemma4Small;
    case runtime::ChatFamily::Gemma3:
      return text::ChatTemplate::Gemma3;
    case runtime::ChatFamily::None:
      break;
  }
  if (tokenizer.find("<|turn>")) return text::ChatTemplate::Gemma4Small;
  if (tokenizer.find("<start_of_turn>")) return text::ChatTemplate::Gemma3;
  return {};
}

std::optional<text::ChatTemplate> chat_format(const runtime::Engine& engine) {
  return chat_format(engine.chat_family(), engine.tokenizer());
}

}  // namespace facet::server
