// link: facet_server
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "server/api_error.h"
#include "server/page/transfer.h"

using namespace facet::server;

// A conversation file from anywhere. What is accepted fits a database as it is, and comes back from its own export.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  ConversationFile file;
  try {
    file = read_conversation_file(input);
  } catch (const ApiError&) {
    return 0;
  } catch (const facet::Error&) {
    return 0;
  }
  std::vector<std::string> messages;
  for (const PageMessage& message : file.messages) messages.push_back(message.json);
  conversation_markdown(file.conversation, messages);
  media_of(messages);
  const ConversationFile again = read_conversation_file(conversation_json(file.conversation, messages, file.media));
  if (again.messages.size() != file.messages.size() || again.conversation.leaf != file.conversation.leaf)
    __builtin_trap();
  for (size_t i = 0; i < messages.size(); ++i)
    if (again.messages[i].json != messages[i] || again.messages[i].words != file.messages[i].words) __builtin_trap();
  return 0;
}
