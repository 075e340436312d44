// A conversation as a file: JSON, which can be imported again, and Markdown for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/page/conversation_store.h"
#include "server/page/media_store.h"

namespace facet::server {

struct ConversationFile {
  Conversation conversation;
  std::vector<PageMessage> messages;  // parents before their children
  std::vector<PageMedium> media;
};

// Of bytes from outside; the conversation and all that it holds is checked, and has an id of its own. ApiError
// (Invalid, TooLarge).
ConversationFile read_conversation_file(std::string_view json);

// messages: as ConversationStore::messages gives them.
std::string conversation_json(const Conversation& conversation, const std::vector<std::string>& messages,
                              const std::vector<PageMedium>& media);
// The branch that ends at the leaf.
std::string conversation_markdown(const Conversation& conversation, const std::vector<std::string>& messages);

// Ids of the media that messages show, each once.
std::vector<std::string> media_of(const std::vector<std::string>& messages);

}  // namespace facet::server
