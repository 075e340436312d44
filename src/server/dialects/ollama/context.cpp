#include "server/dialects/ollama/context.h"

#include "base/error.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

bool is_conversation(const Json& messages) {
  if (!messages.is_array()) return false;
  for (const Json& message : messages) {
    if (!message.is_object() || message.size() != 2) return false;
    for (const char* key : {"role", "content"})
      if (!message.contains(key) || !message[key].is_string()) return false;
    const std::string& role = message["role"].get_ref<const std::string&>();
    if (role != "system" && role != "user" && role != "assistant") return false;
  }
  return true;
}

}  // namespace

Json ollama_context(const Json& messages) {
  Json numbers = Json::array();
  for (const char c : to_json_text(messages)) numbers.push_back(static_cast<unsigned char>(c));
  return numbers;
}

Json read_ollama_context(const Json& context) {
  std::string bytes;
  for (const Json& number : context)
    bytes += static_cast<char>(integer_at(number, item_place("context", bytes.size()), 0, 255));
  if (bytes.empty()) return Json::array();
  Json messages;
  try {
    messages = text::parse_chat_json(bytes);
  } catch (const Error&) {
    // refused below: null is no conversation
  }
  if (!is_conversation(messages))
    throw_invalid("context", "is none that this server gave: send the numbers of an earlier reply, or leave it out");
  return messages;
}

}  // namespace facet::server
