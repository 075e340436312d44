// link: facet_text
#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "byte_vocabulary.h"
#include "text/chat.h"

using namespace facet::text;

namespace {

// Whatever the messages say: control tokens are the renderer's own, and no other text is lost on the way to ids.
void check(const Prompt& prompt) {
  const auto is_media = [](const PromptItem& item) {
    return item.kind != PromptItem::Kind::Control && item.kind != PromptItem::Kind::Text;
  };
  if (std::any_of(prompt.begin(), prompt.end(), is_media)) return;
  const auto ids = to_tokens(prompt, byte_vocabulary());
  const auto n_controls =
      std::count_if(ids.begin(), ids.end(), [](TokenId id) { return byte_vocabulary().is_special(id); });
  const auto n_items = std::count_if(prompt.begin(), prompt.end(),
                                     [](const PromptItem& item) { return item.kind == PromptItem::Kind::Control; });
  if (n_controls != n_items) __builtin_trap();
  if (byte_vocabulary().decode(ids, false) != repair_utf8(to_text(prompt))) __builtin_trap();
}

}  // namespace

// A byte of options, and JSON: {"messages", "tools"} -> prompt -> ids.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ChatOptions options;
  options.format = data[0] % 3 == 0   ? ChatTemplate::Gemma4Large
                   : data[0] % 3 == 1 ? ChatTemplate::Gemma4Small
                                      : ChatTemplate::Gemma3;
  options.enable_thinking = (data[0] & 4) != 0;
  options.add_generation_prompt = (data[0] & 8) != 0;
  options.preserve_thinking = (data[0] & 16) != 0;
  try {
    const ChatJson json = parse_chat_json({reinterpret_cast<const char*>(data) + 1, size - 1});
    if (parse_chat_json(chat_json_text(json)) != json) __builtin_trap();
    if (!json.is_object()) return 0;
    const Prompt prompt = render_chat(json.value("messages", ChatJson()), json.value("tools", ChatJson()), options);
    if (options.format != ChatTemplate::Gemma3) check(prompt);
  } catch (const facet::RequestError&) {
  }
  return 0;
}
